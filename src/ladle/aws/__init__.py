"""The ports on AWS. The only folder of `ladle` that imports boto3."""
