"""ARNs by fixed name, so that no stack needs another one's exports."""

from __future__ import annotations

from aws_cdk import Fn

from ladle import names

ACCOUNT, REGION = "${AWS::AccountId}", "${AWS::Region}"


def _arn(service: str, resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return Fn.sub(f"arn:${{AWS::Partition}}:{service}:{region}:{account}:{resource}")


def table(name: str) -> str:
    return _arn("dynamodb", f"table/{name}")


def function(name: str) -> str:
    """``name`` may end with ``:<version or alias>``."""
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
    return Fn.sub(names.store_bucket(ACCOUNT, REGION))


def store(objects: str = "") -> str:
    """The store's bucket, or with ``objects`` what lies in it."""
    bucket = names.store_bucket(ACCOUNT, REGION)
    path = f"{bucket}/{objects}" if objects else bucket
    return _arn("s3", path, region="", account="")


def api_calls(api_id: str) -> str:
    """Calls of any route of one HTTP API."""
    return Fn.sub(
        f"arn:${{AWS::Partition}}:execute-api:{REGION}:{ACCOUNT}:${{Api}}/*/*", {"Api": api_id}
    )


def route_of_any_api(method: str, path: str) -> str:
    return _arn("execute-api", f"*/*/{method}{path}")
