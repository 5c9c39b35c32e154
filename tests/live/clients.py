"""Clients of services that Ladle itself never calls."""

from __future__ import annotations

from typing import Any

import boto3

from ladle.aws.session import AwsSession


def client(session: AwsSession, service: str) -> Any:
    boto: Any = boto3.Session(region_name=session.region)
    return boto.client(service)
