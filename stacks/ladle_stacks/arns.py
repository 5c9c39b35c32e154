"""ARNs by fixed name, so that no stack needs another one's exports."""

from __future__ import annotations

from aws_cdk import Aws

from ladle import names


def _arn(service: str, resource: str, region: str = Aws.REGION) -> str:
    return f"arn:{Aws.PARTITION}:{service}:{region}:{Aws.ACCOUNT_ID}:{resource}"


def table(name: str) -> str:
    return _arn("dynamodb", f"table/{name}")


def function(name: str) -> str:
    return _arn("lambda", f"function:{name}")


def role(name: str) -> str:
    return _arn("iam", f"role/{name}", region="")


def topic() -> str:
    return _arn("sns", names.TOPIC)


def alarm(name: str) -> str:
    return _arn("cloudwatch", f"alarm:{name}")


def log_group(name: str) -> str:
    return _arn("logs", f"log-group:{name}")


def stack(name: str) -> str:
    return _arn("cloudformation", f"stack/{name}/*")


def master_secret() -> str:
    """Secrets Manager adds six characters to the name."""
    return _arn("secretsmanager", f"secret:{names.MASTER_SECRET}-??????")


def store_bucket_name() -> str:
    return names.store_bucket(Aws.ACCOUNT_ID, Aws.REGION)


def store_bucket() -> str:
    return f"arn:{Aws.PARTITION}:s3:::{store_bucket_name()}"


def store_objects(prefix: str) -> str:
    return f"{store_bucket()}/{prefix}"


def api_calls(api_id: str) -> str:
    """Calls of any route, at any stage."""
    return _arn("execute-api", f"{api_id}/*/*")
