"""A release says what later ones keep, and the hand-off refuses one that would keep nothing of it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from tests.unit.hand_off.test_hand_over import DIGESTS, MODEL, WANTED, Ledger, ports

from ladle.actions.hand_over import HandOff, hand_over
from ladle.catalog import Packaging, Target
from ladle.errors import LadleError
from ladle.policy.lock import Lock, Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle.releases.state import Release, ReleaseState

__all__ = ["ports"]  # a fixture


@pytest.mark.parametrize(
    "moved", [{"target": Target.ECS}, {"packaging": Packaging.ZIP}], ids=lambda m: next(iter(m))
)
def test_a_deploy_by_the_cdk_alone_moves_no_model(ports: HandOff, moved: dict[str, Any]) -> None:
    first = Release(1, f"sha256:{DIGESTS[0]}", "sha256:m", None, 1.0, RolloutPolicy())
    first = replace(first, packaging=Packaging.IMAGE)
    state = ReleaseState(MODEL, stable=first, releases=(first,))
    ports = replace(ports, ledger=Ledger(state))  # type: ignore[arg-type]
    with pytest.raises(LadleError, match="LD245"):
        hand_over(ports, replace(WANTED, **{"packaging": Packaging.IMAGE, **moved}))
    assert ports.versions.published == {}


def test_a_stack_goes_back_to_a_hand_over_from_before_packaging_was_told(ports: HandOff) -> None:
    ports.versions.deploy(MODEL, DIGESTS[0])
    first = Release(1, WANTED.release_digest, "sha256:m", None, 1.0, RolloutPolicy())
    state = ReleaseState(MODEL, releases=(replace(first, packaging=Packaging.IMAGE),))
    ports = replace(ports, ledger=Ledger(state))  # type: ignore[arg-type]
    ports.stacks.rolling_back = True
    assert WANTED.packaging is None
    assert hand_over(ports, WANTED).version == 1


def test_a_release_says_how_it_is_packed_and_on_which_runtime(ports: HandOff) -> None:
    ports.versions.deploy(MODEL, DIGESTS[0])
    runtime = Runtime("sha256:" + "9" * 64, "0.1.0")
    hand_over(ports, replace(WANTED, packaging=Packaging.ZIP, runtime=runtime))
    [message] = ports.inbox.posted.values()
    assert message.release.lock == Lock(Target.LAMBDA, Packaging.ZIP, runtime)
    assert Release.from_json(json.loads(json.dumps(asdict(message.release)))) == message.release
