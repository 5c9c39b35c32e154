"""A deploy takes from nobody the right to start a stopped model again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.hand_off.test_hand_over import DIGESTS, MODEL, WANTED, deploy, ports

from ladle.actions.hand_over import HandOff, hand_over
from ladle.errors import LadleError
from ladle.policy.statuses import Phase
from ladle.policy.stopping import StopPolicy
from ladle.releases.state import ReleaseState

__all__ = ["ports"]


def test_a_stopped_model_keeps_the_right_to_be_started_again(ports: HandOff) -> None:
    ports.ledger.state = replace(ReleaseState(MODEL), phase=Phase.STOPPED)
    with pytest.raises(LadleError, match="ladle resume fraud") as refused:
        deploy(ports, DIGESTS[0])
    assert refused.value.code == "LD274"
    assert ports.versions.published == {}

    stops = replace(WANTED.policy, stop=StopPolicy("ada@example.com", grace_s=3600.0))
    assert hand_over(ports, replace(WANTED, policy=stops, release_digest=f"sha256:{DIGESTS[0]}"))


def test_a_stack_that_rolls_back_is_not_held_up_by_a_stopped_model(ports: HandOff) -> None:
    ports.ledger.state = replace(ReleaseState(MODEL), phase=Phase.STOPPED)
    ports.stacks.rolling_back = True
    assert deploy(ports, DIGESTS[0]) == 1
