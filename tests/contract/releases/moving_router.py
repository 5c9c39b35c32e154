"""A router of a model with two homes: its three releases run in the one that its door leads to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.contract.releases.api_doors import FUNCTION, SERVICE, Doors
from tests.contract.releases.ecs_world import EcsWorld

from ladle.actions.behind_one_door import BehindOneDoor
from ladle.aws.api_door import ApiDoor
from ladle.aws.session import AwsSession
from ladle.aws.traffic.ecs import EcsListenerRouter
from ladle.aws.traffic.lambda_function import LambdaAliasRouter
from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.ports import HomeRouter
from ladle.releases.homes import Homes

OLD, NEW = Home(Target.LAMBDA), Home(Target.ECS, 7)


@contextmanager
def behind_one_door(
    session: AwsSession, model: str, releases: tuple[int, ...]
) -> Iterator[BehindOneDoor]:
    """The other home is still without a service."""
    world: Any = EcsWorld(model)
    routers: dict[Home, HomeRouter] = {
        OLD: LambdaAliasRouter(lambda _model: session.lambda_),
        NEW: EcsListenerRouter(lambda _model: world),
    }
    emulated = session._endpoint is not None
    doors = Doors(session) if emulated else Doors.on_moto(session)
    doors.open(model, FUNCTION, {OLD.base: FUNCTION, NEW.base: SERVICE})
    homes = Homes({**dict.fromkeys(releases, OLD), NEW.base + 1: NEW})
    yield BehindOneDoor(
        lambda _model: homes, routers.__getitem__, ApiDoor(lambda _model: doors.session)
    )
    doors.close(model)
