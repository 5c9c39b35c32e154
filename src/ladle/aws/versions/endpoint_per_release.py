"""The releases of a model whose endpoints have one variant: each gets an endpoint of its own when its
turn comes, and the first of them is given all traffic here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ladle.aws.endpoint_stage import EndpointStages, Stage
from ladle.aws.release_endpoints import ReleaseEndpoints
from ladle.aws.release_logs import ReleaseLogs
from ladle.aws.release_models import ReleaseModels
from ladle.aws.sagemaker_endpoint import STUCK, later
from ladle.errors import Conflict, LadleError
from ladle.policy.traffic import Traffic
from ladle.ports import Clock, ReleaseLedger

if TYPE_CHECKING:
    from ladle.aws.backlog import Backlogs
    from ladle.aws.session import AwsSession

GONE_LOOKS, POLL_S = 40, 3.0  # the hand-off itself has five minutes


class StagedVersions(ReleaseModels):
    """The ReleaseVersions of such targets."""

    def __init__(
        self,
        session: AwsSession,
        ledger: ReleaseLedger,
        clock: Clock,
        backlogs: Backlogs | None = None,
    ) -> None:
        super().__init__(session.sagemaker, ledger, alone=True)
        self._clock = clock
        self._stages = EndpointStages(session)
        self._logs = ReleaseLogs(session.logs)
        self._own = ReleaseEndpoints(session.sagemaker, backlogs)

    def wait_until_active(self, model: str, release: int) -> None:
        """A release that did not start is tried again when a deploy asks for it again."""
        self._expect(model, release)
        condition = self._own.condition(model, release)
        if condition is not None and condition.status in STUCK:
            self._own.drop(model, release)
            self._wait_until_gone(model, release)

    def keep_warm(self, model: str, release: int, serving: Mapping[str, Any]) -> None:
        """Nobody waits for requests; what it will print has a place before it starts."""
        tags = json.loads(serving["Tags"])
        self._logs.ensure(model, release, int(serving["LogDays"]), serving["LinesTo"], tags)

    def open_if_absent(
        self, model: str, release: int, serving: Mapping[str, Any]
    ) -> Mapping[str, str]:
        """Returns while the endpoint starts; one that failed at that makes way."""
        stage = self._stages.find(model)
        if stage is None:
            what = f"{model} has no door that could lead to release {release}"
            fix = (
                "somebody deleted it: deploy again; where a model that has moved gets a new stack, take "
                "what is `locked` there out of its pinned.json first"
            )
            raise LadleError("LD222", what, fix)
        if not self._leads_somewhere(model, stage):
            expecting = self._stages.expect(model, stage, [release])
            self._own.start(model, release)
            self._stages.route(model, expecting, Traffic(release))
        return {}

    def _leads_somewhere(self, model: str, stage: Stage) -> bool:
        if stage.traffic is None:
            return False
        condition = self._own.condition(model, stage.traffic.main)
        return condition is not None and condition.status not in STUCK

    def with_traffic(self, model: str) -> frozenset[int]:
        stage = self._stages.find(model)
        return stage.having_traffic if stage else frozenset()

    def delete(self, model: str, release: int) -> None:
        """Its log stays until its lines are too old, or the model's stack goes."""
        if not self._exists(model, release):
            return
        if release in self.with_traffic(model):
            raise Conflict("LD223", f"release {release} of {model} still has traffic", "wait")
        self._own.drop(model, release)
        self._forget(model, release)

    def delete_all(self, model: str) -> None:
        """The stage names nothing any more: it may lead to the model's other home, and back here one day."""
        releases = self._given(model)
        for release in releases:
            self._own.drop(model, release)
        for release in releases:
            self._wait_until_gone(model, release)
            self._forget(model, release)
            self._logs.delete(model, release)
        stage = self._stages.find(model)
        if stage is not None:
            self._stages.empty(model, stage)

    def _wait_until_gone(self, model: str, release: int) -> None:
        for _ in range(GONE_LOOKS):
            if self._own.condition(model, release) is None:
                return
            self._clock.sleep(POLL_S)
        raise later(f"release {release} of {model} is still being taken down; do the same again")
