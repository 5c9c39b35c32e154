"""The stage of a model's door says to whose endpoint a request goes: to one release's, or for a share of
the requests to another's.

API Gateway knows no conditional write: what was read is hashed, and read again right before each
write. CloudFormation makes the stage and never names what is written here, so it leaves it alone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from ladle import digest, names
from ladle.aws.api_clients import Patch, RestApiClient
from ladle.aws.faults import asking, code_of
from ladle.aws.model_apis import api_of, later_if_busy
from ladle.policy.traffic import Traffic

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession

_CANARY: Final = "/canarySettings"
_CANARY_ENDS: Final[Patch] = {"op": "remove", "path": _CANARY}


@dataclass(frozen=True, slots=True)
class Stage:
    """``beside`` are releases whose endpoints start, ``leaving`` those that had traffic and are about to
    go. ``traffic`` is None before there is any; ``changed_at`` is later than any time where AWS does not
    say.
    """

    api: str
    deployment: str
    traffic: Traffic | None
    beside: tuple[int, ...] = ()
    leaving: tuple[int, ...] = ()
    changed_at: float = math.inf

    @property
    def revision(self) -> str:
        weights = {str(n): w for n, w in self.traffic.weights.items()} if self.traffic else {}
        main = self.traffic.main if self.traffic else 0
        others = [list(self.beside), list(self.leaving)]
        return str(digest.of_json([self.deployment, main, weights, *others]))

    @property
    def having_traffic(self) -> frozenset[int]:
        return frozenset(self.traffic.weights) if self.traffic else frozenset()

    @property
    def releases(self) -> frozenset[int]:
        """All that have an endpoint, or are to have one."""
        return self.having_traffic | self.without_traffic

    @property
    def without_traffic(self) -> frozenset[int]:
        return frozenset((*self.beside, *self.leaving)) - self.having_traffic


class EndpointStages:
    """Reads and writes the stages of models' doors, each found through its model's stack."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._apis: RestApiClient = session.apis

    def find(self, model: str) -> Stage | None:
        api = api_of(self._session, model)
        if api is None:
            return None
        with asking(f"for the door of {model}"):
            try:
                found = self._apis.get_stage(restApiId=api, stageName=names.ALIAS)
            except ClientError as error:
                if code_of(error) == "NotFoundException":
                    return None
                raise later_if_busy(error) from error
        return _read(api, found)

    def route(self, model: str, stage: Stage, traffic: Traffic) -> None:
        """One write; whoever has no traffic by it is kept: what just lost it may still answer."""
        beside = sorted(set(stage.beside) - traffic.weights.keys())
        leaving = sorted((stage.having_traffic | set(stage.leaving)) - traffic.weights.keys())
        kept = replace(stage, beside=tuple(beside), leaving=tuple(leaving))
        self._patch(model, stage, [*_routed(stage, traffic), *_kept(stage, kept)])

    def expect(self, model: str, stage: Stage, starting: Collection[int]) -> Stage:
        """What is to start is written down before it costs anything. Traffic stays as it is."""
        beside = {*stage.beside, *starting} - stage.having_traffic - set(stage.leaving)
        return self._keep(model, stage, replace(stage, beside=tuple(sorted(beside))))

    def forget(self, model: str, stage: Stage) -> Stage:
        """Only what has traffic is there."""
        return self._keep(model, stage, replace(stage, beside=(), leaving=()))

    def empty(self, model: str, stage: Stage) -> None:
        """Nothing has traffic, and nothing is there."""
        bare = replace(stage, traffic=None, beside=(), leaving=())
        if patch := [*_unrouted(stage.traffic), *_kept(stage, bare)]:
            self._patch(model, stage, patch)

    def _keep(self, model: str, stage: Stage, kept: Stage) -> Stage:
        if patch := list(_kept(stage, kept)):
            self._patch(model, stage, patch)
        return kept

    def rehearse(self, model: str, stage: Stage) -> None:
        """A change of what there is not: AWS looks at permissions first, and changes nothing."""
        with asking(f"whether the traffic of {model} may be moved"):
            try:
                self._write(stage, [replaced("/rehearsal", "yes")])
            except ClientError as error:
                if code_of(error) != "BadRequestException":
                    raise later_if_busy(error) from error

    def _patch(self, model: str, stage: Stage, patch: Sequence[Patch]) -> None:
        with asking(f"to move the traffic of {model}"):
            try:
                self._write(stage, patch)
            except ClientError as error:
                raise later_if_busy(error) from error

    def _write(self, stage: Stage, patch: Sequence[Patch]) -> None:
        self._apis.update_stage(restApiId=stage.api, stageName=names.ALIAS, patchOperations=patch)


def without_canary(found: Mapping[str, Any]) -> list[Patch]:
    """Of a stage as API Gateway describes it: one deployment answers all requests by one release, and
    whoever had a share is kept, as it may still answer.
    """
    if not found.get("canarySettings"):
        return []
    stage = _read("", found)
    main = {stage.traffic.main} if stage.traffic else set()
    leaving = {*stage.leaving, *stage.having_traffic} - main
    return [_CANARY_ENDS, *_kept(stage, replace(stage, leaving=tuple(sorted(leaving))))]


def replaced(path: str, value: str) -> Patch:
    return {"op": "replace", "path": path, "value": value}


def _read(api: str, found: Mapping[str, Any]) -> Stage:
    variables = found.get("variables") or {}
    canary = found.get("canarySettings") or {}
    main, changed = variables.get(names.STAGE_RELEASE, ""), found.get("lastUpdatedDate")
    beside, leaving = (
        tuple(int(number) for number in variables.get(key, "").split(",") if number.isdigit())
        for key in (names.STAGE_BESIDE, names.STAGE_LEAVING)
    )
    return Stage(
        api,
        found["deploymentId"],
        _traffic(int(main), canary) if main.isdigit() else None,
        beside,
        leaving,
        changed.timestamp() if changed else math.inf,
    )


def _traffic(main: int, canary: Mapping[str, Any]) -> Traffic:
    """Somebody else's canary, which names no release of its own, is the same release."""
    share = float(canary.get("percentTraffic") or 0.0) / 100
    named = (canary.get("stageVariableOverrides") or {}).get(names.STAGE_RELEASE, "")
    if share <= 0 or not named.isdigit() or int(named) == main:
        return Traffic(main)
    return Traffic(main, int(named), share)


def _routed(stage: Stage, traffic: Traffic) -> list[Patch]:
    """The canary's own deployment is the stage's, which a deploy may have replaced since."""
    patch = [replaced(f"/variables/{names.STAGE_RELEASE}", str(traffic.main))]
    if traffic.canary is not None:
        return [
            *patch,
            replaced(f"{_CANARY}/deploymentId", stage.deployment),
            replaced(
                f"{_CANARY}/stageVariableOverrides/{names.STAGE_RELEASE}", str(traffic.canary)
            ),
            replaced(f"{_CANARY}/percentTraffic", repr(traffic.canary_weight * 100)),
        ]
    if stage.traffic is not None and stage.traffic.canary is not None:
        patch.append(_CANARY_ENDS)
    return patch


def _unrouted(traffic: Traffic | None) -> Iterator[Patch]:
    if traffic is not None:
        yield {"op": "remove", "path": f"/variables/{names.STAGE_RELEASE}"}
    if traffic is not None and traffic.canary is not None:
        yield _CANARY_ENDS


def _kept(stage: Stage, wanted: Stage) -> Iterator[Patch]:
    for name, before, after in (
        (names.STAGE_BESIDE, stage.beside, wanted.beside),
        (names.STAGE_LEAVING, stage.leaving, wanted.leaving),
    ):
        path = f"/variables/{name}"
        if after and after != before:
            yield replaced(path, ",".join(map(str, after)))
        elif before and not after:
            yield {"op": "remove", "path": path}
