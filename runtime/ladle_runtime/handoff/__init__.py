"""From CloudFormation to a release: publishes the version, writes the request."""
