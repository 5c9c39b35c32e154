"""Who moves traffic within a home: one file per target that can split it, selected here."""

from __future__ import annotations

from collections.abc import Callable

from ladle.aws.backlog import Backlogs
from ladle.aws.session import AwsSession
from ladle.aws.traffic.ecs import EcsListenerRouter
from ladle.aws.traffic.endpoint_per_release import StageRouter
from ladle.aws.traffic.lambda_function import LambdaAliasRouter
from ladle.aws.traffic.sagemaker import EndpointRouter
from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.ports import Clock, HomeRouter

# Each model's traffic has a role of its own, so a router asks for the session of a model.
SessionOf = Callable[[str], AwsSession]
ROUTERS: dict[Target, Callable[[SessionOf, Clock, int], HomeRouter]] = {
    Target.LAMBDA: lambda of, _clock, base: LambdaAliasRouter(
        lambda model: of(model).lambda_, base
    ),
    Target.ECS: lambda of, _clock, _base: EcsListenerRouter(of),
    Target.SAGEMAKER: lambda of, _clock, _base: EndpointRouter(of),
    Target.SAGEMAKER_SERVERLESS: lambda of, _clock, _base: StageRouter(
        of, Target.SAGEMAKER_SERVERLESS
    ),
    Target.SAGEMAKER_ASYNC: lambda of, clock, _base: StageRouter(
        of, Target.SAGEMAKER_ASYNC, lambda session: Backlogs(session, clock)
    ),
}


class RouterOfHome:
    """The router of each home that models have."""

    def __init__(self, session_of: SessionOf, clock: Clock) -> None:
        self._session_of = session_of
        self._clock = clock
        self._made: dict[Home, HomeRouter] = {}

    def __call__(self, home: Home) -> HomeRouter:
        if home not in self._made:
            make = ROUTERS[home.target]
            self._made[home] = make(self._session_of, self._clock, home.base)
        return self._made[home]
