"""The one stack of a model that moves: functions, endpoints and a door by AWS's own rules.

After every call to AWS each request must meet a release that answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from tests.contract.releases import sagemaker_router, stage_world
from tests.contract.releases.ecs_calls import Crashed
from tests.contract.releases.lambda_world import FakeLambda
from tests.contract.releases.moving_doors import IntegrationDoor, MovingDoor, StageDoor
from tests.contract.releases.rollout import HOUR_S
from tests.contract.releases.sagemaker_world import MODEL
from tests.contract.releases.stage_world import StageWorld

from ladle import names
from ladle.actions.hand_over import HandOff
from ladle.aws.release_endpoints import SERVES
from ladle.aws.versions.endpoint_per_release import StagedVersions
from ladle.aws.versions.lambda_function import FunctionVersions
from ladle.aws.versions.sagemaker import EndpointVersions
from ladle.catalog import Packaging, Target
from ladle.errors import NotFound
from ladle.policy.lock import Home
from ladle.policy.rollout import RolloutPolicy
from ladle.ports import Clock, ReleaseVersions
from ladle.simulation.memory import MemoryLedger
from ladle.testing.hand_off import FakeBundleStore, FakeReleaseAlarms, FakeStackReader
from ladle_runtime.handoff import handler
from ladle_runtime.handoff.custom_resource import Request

POLICY = RolloutPolicy(bake_s=HOUR_S, holdback_s=HOUR_S, max_s=24 * HOUR_S, labels_expected=False)


@dataclass(frozen=True)
class Watched:
    """A client: every call may be the last one before a crash, and no request may be lost after any."""

    client: Any
    world: MovingWorld

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return self._watched(found) if callable(found) else found

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def then_look(*told: Any, **asked: Any) -> Any:
            self.world.next_call()
            answer = call(*told, **asked)
            self.world.look()
            return answer

        return then_look


@dataclass
class MovingWorld(StageWorld):
    """``crash_at`` counts calls; ``serves`` says whether anybody asks already."""

    is_rest: bool = True
    serves: bool = False
    calls: int = 0
    crash_at: int | None = None
    homes: dict[int, Target] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.functions = FakeLambda(lambda event: None)
        self.door: MovingDoor = StageDoor(self)
        if not self.is_rest:
            self.door = integrations = IntegrationDoor()
            self.http_apis = Watched(integrations, self)
            self.cloudformation = integrations.stacks
        for name in ("sagemaker", "apis", "logs"):
            setattr(self, name, Watched(getattr(self, name), self))
        self.lambda_ = Watched(self.functions, self)

    def next_call(self) -> None:
        self.calls += 1
        if self.crash_at == self.calls:
            raise Crashed

    def look(self) -> None:
        if self.serves:
            assert all(self.answering()), f"requests meet nothing: {list(self.door.ways())}"

    def answering(self) -> set[int]:
        """Whose answers requests get; 0 is nobody's."""
        ways = self.door.ways()
        return {release for base, told in ways for release in self._behind(base, told)}

    def _behind(self, base: int, variables: Mapping[str, str]) -> Iterator[int]:
        there = self.sagemaker.client.endpoints
        match self.homes[base]:
            case Target.LAMBDA:
                name = names.function(MODEL, base)
                alias = self.functions.get_alias(FunctionName=name, Name=names.ALIAS)
                weights = alias["RoutingConfig"]["AdditionalVersionWeights"]
                yield from (int(version) + base for version in (alias["FunctionVersion"], *weights))
            case Target.SAGEMAKER:
                found = there.get(names.endpoint(MODEL))
                shares = found["weights"] if found and found["status"] in SERVES else {"0": 1}
                yield from (int(n.removeprefix(names.VARIANT)) for n, w in shares.items() if w)
            case _:
                number = int(variables.get(names.STAGE_RELEASE, 0))
                found = there.get(names.release_endpoint(MODEL, number))
                yield number if found and found["status"] in SERVES else 0


class Manifests:
    def get(self, experiment_id: str) -> Any:
        raise NotFound("LD308", "no such experiment", "ladle log")


class Stack:
    """Deployed as CloudFormation deploys: functions, the hand-over, then what leads the door."""

    def __init__(self, world: MovingWorld, ledger: MemoryLedger, clock: Clock) -> None:
        self.world, self.ledger, self.clock = world, ledger, clock
        self.stacks, self.alarms = FakeStackReader(), FakeReleaseAlarms()
        self.before: Mapping[str, Any] = {}
        self.requests = 0
        self.given: dict[int, str] = {}
        world.functions.handed = self._retire

    def versions(self, home: Home) -> ReleaseVersions:
        world: Any = self.world
        match home.target:
            case Target.LAMBDA:
                return FunctionVersions(world.lambda_, home.base)
            case Target.SAGEMAKER:
                return EndpointVersions(world, self.ledger, self.clock)
            case _:
                return StagedVersions(world, self.ledger, self.clock)

    def ports(self, home: Home) -> HandOff:
        return HandOff(
            versions=self.versions(home),
            alarms=self.alarms,
            ledger=self.ledger,
            inbox=self.ledger.inbox,
            bundles=FakeBundleStore(),
            stacks=self.stacks,
            clock=self.clock,
            manifests=Manifests(),  # type: ignore[arg-type]
        )

    def deploy(self, release_hex: str, home: Home, leaves: Home | None = None) -> int:
        """Returns the release's number."""
        self.world.homes[home.base] = home.target
        if home.target is Target.LAMBDA:
            self.world.functions.deploy(names.function(MODEL, home.base), release_hex)
        number = self.hand_over(release_hex, home, leaves)
        if leaves is None:
            self.world.door.ends(home.base)
            self._take_down_all_but(home)
        else:
            self.world.door.begins(leaves.base, home.base)
        return number

    def hand_over(self, release_hex: str, home: Home, leaves: Home | None = None) -> int:
        """What CloudFormation asks of the hand-off, which knows strings only."""
        properties: dict[str, Any] = {
            "Model": MODEL,
            "ReleaseDigest": f"sha256:{release_hex}",
            "ModelDigest": "sha256:m",
            "Policy": json.dumps(POLICY.to_json()),
            "TopicArn": "topic",
            "Packaging": Packaging.IMAGE,
            "Serving": _serving(home.target, release_hex),
            **_told(home),
        }
        if leaves is not None:
            properties["Leaves"] = _told(leaves)
        answered = handler.answer(self.ports, self._request("Update", properties))
        self.before = properties
        number = int(answered["Version"])
        assert self.given.setdefault(number, release_hex) == release_hex, "a number is given twice"
        return number

    def roll_back(self, release_hex: str, home: Home) -> None:
        """The deploy that began a move failed: what it made goes, and the door was led nowhere."""
        self.stacks.rolling_back = True
        self.hand_over(release_hex, home)
        self.stacks.rolling_back = False
        self.world.door.goes_back()
        self._take_down_all_but(home)

    def destroy(self) -> None:
        handler.answer(self.ports, self._request("Delete", self.before))

    def _take_down_all_but(self, home: Home) -> None:
        for name in set(self.world.functions.functions) - {names.function(MODEL, home.base)}:
            self.world.functions.take_down(name)
        self.world.look()

    def _retire(self, event: Mapping[str, Any]) -> None:
        told = event["retire"]
        home = Home(Target(told["target"]), told["base"])
        handler.retire(self.ports(home), told["model"], told["releases"])

    def _request(self, kind: str, properties: Mapping[str, Any]) -> Request:
        self.requests += 1
        return Request.from_event(
            {
                "RequestType": kind,
                "RequestId": f"request-{self.requests}",
                "StackId": "stack",
                "LogicalResourceId": "Release",
                "ResponseURL": "https://answer.example",
                "ResourceProperties": properties,
                "OldResourceProperties": self.before,
            }
        )


def _told(home: Home) -> dict[str, str]:
    return {"Target": str(home.target)} | ({"Base": str(home.base)} if home.base else {})


def _serving(target: Target, release_hex: str) -> Mapping[str, str]:
    match target:
        case Target.SAGEMAKER:
            return sagemaker_router.serving(release_hex)
        case Target.SAGEMAKER_SERVERLESS:
            return stage_world.serving(release_hex)
    return {}
