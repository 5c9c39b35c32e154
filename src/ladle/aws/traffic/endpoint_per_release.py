"""Each release has an endpoint of its own, and the stage of the model's door says which of them is asked.

An endpoint is there while its release has traffic or is about to get some: it is written down, then
starts before the first request reaches it, and goes when the last one is answered. Moving traffic
between endpoints that are there is one write of the stage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ladle import digest, names
from ladle.aws.endpoint_stage import EndpointStages, Stage
from ladle.aws.release_endpoints import SERVES, ReleaseEndpoints
from ladle.aws.retiring import retire
from ladle.aws.sagemaker_endpoint import STUCK, Condition
from ladle.aws.traffic.always_on import AlwaysOn
from ladle.errors import Conflict, NotFound
from ladle.policy.traffic import ObservedTraffic, Traffic

if TYPE_CHECKING:
    from ladle.aws.backlog import Backlogs
    from ladle.aws.session import AwsSession
    from ladle.catalog import Target


class StageRouter(AlwaysOn):
    """The TrafficRouter of the targets of SageMaker whose endpoints have one variant."""

    def __init__(
        self,
        session_of: Callable[[str], AwsSession],
        target: Target,
        backlogs_of: Callable[[AwsSession], Backlogs] | None = None,
    ) -> None:
        self._session_of = session_of
        self._target = target
        self._backlogs_of = backlogs_of

    def read(self, model: str) -> ObservedTraffic | None:
        """What stands beside without traffic may fail: it harms nobody, and is not read again."""
        stage = self._stages(model).find(model)
        if stage is None or stage.traffic is None:
            return None
        endpoints = self._endpoints(model)
        found = {release: endpoints.condition(model, release) for release in stage.releases}
        for release in stage.having_traffic:
            condition = found[release]
            if condition is not None and condition.status in STUCK:
                raise _stuck(model, release, condition)
        rest = all(each is None or _rests(each) for each in found.values())
        answering = [n for n in stage.leaving if (c := found[n]) is not None and c.status in SERVES]
        settled = rest and all(endpoints.is_idle(model, n, stage.changed_at) for n in answering)
        return ObservedTraffic(stage.traffic, stage.revision, settled)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        """Returns while an endpoint starts: read again, and write again until it reads so."""
        stages, endpoints = self._stages(model), self._endpoints(model)
        stage = self._expected(stages, model, expected_revision)
        starting = [n for n in traffic.weights if not _answers(endpoints, model, n)]
        if starting:
            stages.expect(model, stage, starting)
            for release in starting:
                endpoints.start(model, release)
            return
        stages.route(model, self._expected(stages, model, expected_revision), traffic)

    def can_start(self, model: str, release: int) -> bool:
        """One that is still to start is taken at its word, unless it failed when it last tried."""
        endpoints = self._endpoints(model)
        if not endpoints.can_be_made(model, release):
            return False
        condition = endpoints.condition(model, release)
        return condition is None or condition.status not in STUCK

    def is_ready(self, model: str, release: int) -> bool:
        """One whose endpoint somebody deleted starts again."""
        endpoints = self._endpoints(model)
        answers = _answers(endpoints, model, release)
        if not answers:
            endpoints.start(model, release)
        return answers

    def settle(self, model: str, traffic: Traffic) -> None:
        """What has no traffic any more goes, and frees what it held of the account's quota."""
        stages = self._stages(model)
        stage = stages.find(model)
        if stage is None or not traffic.reads_like(stage.traffic):
            return
        endpoints = self._endpoints(model)
        for release in stage.having_traffic:
            endpoints.follow(model, release)
        for release in sorted(stage.without_traffic):
            endpoints.drop(model, release)
        stages.forget(model, stage)

    def delete(self, model: str, release: int) -> None:
        retire(self._session_of(model).lambda_, self._target, model, release)

    def _expected(self, stages: EndpointStages, model: str, revision: str) -> Stage:
        """A revision that none can have is a rehearsal."""
        stage = stages.find(model)
        if stage is None or stage.traffic is None:
            raise NotFound(
                "LD505", f"{model} has no door with a release", "deploy it: ladle deploy"
            )
        if stage.revision != revision:
            if not revision.startswith(digest.PREFIX):
                stages.rehearse(model, stage)
            what = f"the traffic of {model} changed since it was read"
            raise Conflict("LD503", what, "read it again")
        return stage

    def _stages(self, model: str) -> EndpointStages:
        return EndpointStages(self._session_of(model))

    def _endpoints(self, model: str) -> ReleaseEndpoints:
        session = self._session_of(model)
        backlogs = self._backlogs_of(session) if self._backlogs_of else None
        return ReleaseEndpoints(session.sagemaker, backlogs)


def _answers(endpoints: ReleaseEndpoints, model: str, release: int) -> bool:
    """Raises NotFound for one that never will."""
    condition = endpoints.condition(model, release)
    if condition is not None and condition.status in STUCK:
        what = f"release {release} of {model} did not start: {condition.why or 'see its log'}"
        raise NotFound("LD505", what, "mend it and deploy again")
    return condition is not None and condition.status in SERVES


def _rests(condition: Condition) -> bool:
    """Neither starts nor stops."""
    return condition.status in SERVES or condition.status in STUCK


def _stuck(model: str, release: int, condition: Condition) -> NotFound:
    name, why = names.release_endpoint(model, release), condition.why or "SageMaker says no more"
    return NotFound(
        "LD506",
        f"the endpoint {name} is {condition.status}: {why}",
        "look at its log; a deploy replaces an endpoint that failed",
    )
