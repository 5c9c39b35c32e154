"""The description: service specs in, CloudFormation out. The only root that imports CDK."""
