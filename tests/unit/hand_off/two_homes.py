"""The one stack of a model that moves, as its hand-off is asked: two homes, and what they share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.hand_off.test_hand_over import DIGESTS, MODEL, Clock, Inbox, Ledger, Manifests

from ladle.actions.hand_over import HandOff
from ladle.catalog import Packaging, Target
from ladle.policy.lock import Home
from ladle.policy.rollout import RolloutPolicy
from ladle.releases.state import Release, ReleaseState
from ladle.testing.hand_off import (
    FakeBundleStore,
    FakeFunctionVersions,
    FakeReleaseAlarms,
    FakeStackReader,
)
from ladle_runtime.handoff import handler
from ladle_runtime.handoff.custom_resource import Request

ZIP, IMAGE, TASKS = Home(Target.LAMBDA), Home(Target.LAMBDA, 8), Home(Target.ECS, 8)
SERVING = Release(
    8, f"sha256:{DIGESTS[0]}", "sha256:m", None, 1.0, RolloutPolicy(), packaging=Packaging.ZIP
)


class FakeTasks(FakeFunctionVersions):
    """What the ledger numbers, and no stack takes down."""

    def publish(self, model: str, release_hex: str, serving: Mapping[str, Any], newest: int) -> int:
        self._newest[model] = newest
        return super().publish(model, release_hex, serving, newest)

    def delete_all(self, model: str) -> None:
        self.published.pop(model, None)
        self.aliases.pop(model, None)


@dataclass
class Account:
    """The model's one stack, as its hand-off is asked: each home's versions, and what all share."""

    state: ReleaseState
    versions: dict[Home, FakeFunctionVersions] = field(default_factory=dict)
    alarms: FakeReleaseAlarms = field(default_factory=FakeReleaseAlarms)
    inbox: Inbox = field(default_factory=Inbox)
    stacks: FakeStackReader = field(default_factory=FakeStackReader)
    bundles: FakeBundleStore = field(default_factory=FakeBundleStore)
    before: Mapping[str, Any] = field(default_factory=dict)
    events: int = 0

    def ports(self, home: Home) -> HandOff:
        made = FakeFunctionVersions(home.base) if home.counts_itself else FakeTasks()
        return HandOff(
            self.versions.setdefault(home, made),
            self.alarms,
            Ledger(self.state),  # type: ignore[arg-type]
            self.inbox,  # type: ignore[arg-type]
            self.bundles,
            self.stacks,
            Clock(),  # type: ignore[arg-type]
            Manifests(),  # type: ignore[arg-type]
        )

    def deploy(
        self,
        digest: str,
        home: Home,
        leaves: Home | None = None,
        kind: str = "Update",
        packaging: Packaging | None = None,
    ) -> Mapping[str, str]:
        """As CloudFormation asks, which begins with what is deployed and knows strings only."""
        properties = {
            "Model": MODEL,
            "ReleaseDigest": f"sha256:{digest}",
            "ModelDigest": "sha256:m",
            "Policy": json.dumps(RolloutPolicy().to_json()),
            "TopicArn": "topic",
            "Packaging": packaging or (Packaging.IMAGE if home.base else Packaging.ZIP),
            **told(home),
        }
        if leaves is not None:
            properties["Leaves"] = told(leaves)
        self.events += 1
        request = Request.from_event(
            {
                "RequestType": kind,
                "RequestId": f"request-{self.events}",
                "StackId": "stack",
                "LogicalResourceId": "Release",
                "ResponseURL": "https://answer.example",
                "ResourceProperties": properties,
                "OldResourceProperties": self.before,
            }
        )
        self.ports(home).versions.deploy(MODEL, digest)  # type: ignore[attr-defined]
        answered = handler.answer(self.ports, request)
        self.before = properties
        return answered


def told(home: Home) -> dict[str, Any]:
    """A first home has no base, as before there was a second."""
    return {"Target": str(home.target)} | ({"Base": str(home.base)} if home.base else {})
