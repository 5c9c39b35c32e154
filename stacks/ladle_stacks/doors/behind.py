"""What answers behind a door, as API Gateway reaches it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToFunction:
    """A function, by the ARN of its alias; the door needs its permission to call it."""

    arn: str


@dataclass(frozen=True, slots=True)
class ToListener:
    """A listener of a load balancer in a network, through a VPC link. Behind HTTP APIs only."""

    arn: str
    vpc_link: str


@dataclass(frozen=True, slots=True)
class ToService:
    """An action of an AWS service, asked with a role's credentials. Behind REST APIs only.

    ``uri`` as in ``arn:aws:apigateway:<region>:runtime.sagemaker:path/endpoints/<name>/invocations``.
    """

    uri: str
    role_arn: str


Behind = ToFunction | ToListener | ToService
