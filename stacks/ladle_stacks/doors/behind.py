"""What answers behind a door, as API Gateway reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ladle.planning.door_resources import SERVING_ROUTES


@dataclass(frozen=True, slots=True)
class ToFunction:
    """A function, by the ARN of its alias; the door needs its permission to call it. ``told`` are
    variables of the door's stage, which a function behind a REST API reads.
    """

    arn: str
    routes: tuple[str, ...] = SERVING_ROUTES
    told: Mapping[str, str] = field(default_factory=dict)


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
