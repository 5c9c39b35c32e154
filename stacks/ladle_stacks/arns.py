"""The ARNs of ``ladle.planning.arns``, with account and region filled in where they are deployed."""

from __future__ import annotations

from functools import cache

from aws_cdk import Fn

from ladle.planning import arns

_TOKEN = "${Token["  # how the CDK writes what it does not know yet: asking it takes a call of Node


@cache
def filled(arn: str) -> str:
    """``${AWS::Region}`` and its like filled in by CloudFormation; an ARN of the CDK's stays its own."""
    return arn if _TOKEN in arn or "${" not in arn else Fn.sub(arn)


def function(name: str) -> str:
    """``name`` may end with ``:<version or alias>``."""
    return filled(arns.function(name))


def role(name: str) -> str:
    return filled(arns.role(name))


def topic() -> str:
    return filled(arns.topic())


def log_group(name: str) -> str:
    return filled(arns.log_group(name))


def store_bucket_name() -> str:
    return filled(arns.store_bucket())


def store() -> str:
    return filled(arns.store())


def api_calls(api_id: str) -> str:
    """Calls of any route of one HTTP API."""
    calls = f"arn:{arns.PARTITION}:execute-api:{arns.REGION}:{arns.ACCOUNT}:${{Api}}/*/*"
    return Fn.sub(calls, {"Api": api_id})


def route_of_any_api(method: str, path: str) -> str:
    return filled(arns.route_of_any_api(method, path))
