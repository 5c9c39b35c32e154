"""What runs on AWS. Its subpackages cannot see each other."""
