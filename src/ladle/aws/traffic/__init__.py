"""Who moves traffic: one file per target that can split it, selected here model by model."""

from __future__ import annotations

from collections.abc import Callable

from ladle.aws.backlog import Backlogs
from ladle.aws.session import AwsSession
from ladle.aws.traffic.ecs import EcsListenerRouter
from ladle.aws.traffic.endpoint_per_release import StageRouter
from ladle.aws.traffic.lambda_function import LambdaAliasRouter
from ladle.aws.traffic.sagemaker import EndpointRouter
from ladle.catalog import Target
from ladle.errors import LadleError
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import Clock, TrafficRouter

# Each model's traffic has a role of its own, so a router asks for the session of a model.
SessionOf = Callable[[str], AwsSession]
ROUTERS: dict[Target, Callable[[SessionOf, Clock], TrafficRouter]] = {
    Target.LAMBDA: lambda of, _clock: LambdaAliasRouter(lambda model: of(model).lambda_),
    Target.ECS: lambda of, _clock: EcsListenerRouter(of),
    Target.SAGEMAKER: lambda of, _clock: EndpointRouter(of),
    Target.SAGEMAKER_SERVERLESS: lambda of, _clock: StageRouter(of, Target.SAGEMAKER_SERVERLESS),
    Target.SAGEMAKER_ASYNC: lambda of, clock: StageRouter(
        of, Target.SAGEMAKER_ASYNC, lambda session: Backlogs(session, clock)
    ),
}


class RouterByTarget:
    """The TrafficRouter of all models, each by the target that it is deployed to."""

    def __init__(
        self, session_of: SessionOf, target_of: Callable[[str], Target], clock: Clock
    ) -> None:
        self._target_of = target_of
        self._routers = {target: make(session_of, clock) for target, make in ROUTERS.items()}

    def read(self, model: str) -> ObservedTraffic | None:
        return self._of(model).read(model)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self._of(model).write(model, traffic, expected_revision)

    def can_start(self, model: str, release: int) -> bool:
        return self._of(model).can_start(model, release)

    def delete(self, model: str, release: int) -> None:
        self._of(model).delete(model, release)

    def settle(self, model: str, traffic: Traffic) -> None:
        """Where machines go on running for a release without traffic."""
        router = self._of(model)
        if isinstance(router, LambdaAliasRouter | EcsListenerRouter | EndpointRouter | StageRouter):
            router.settle(model, traffic)

    def switch(self, model: str, on: bool) -> None:
        """Raises LD519 where what serves cannot be stopped and started again."""
        router = self._of(model)
        if not isinstance(router, LambdaAliasRouter | EcsListenerRouter):
            raise LadleError(
                "LD519",
                f"what serves {model} cannot be stopped, only deleted",
                f"ladle destroy {model} takes it down; write cost.action: notify",
            )
        router.switch(model, on)

    def switched(self, model: str, on: bool) -> bool:
        """What cannot be switched is as it should be."""
        router = self._of(model)
        if isinstance(router, LambdaAliasRouter | EcsListenerRouter):
            return router.switched(model, on)
        return True

    def _of(self, model: str) -> TrafficRouter:
        return self._routers[self._target_of(model)]
