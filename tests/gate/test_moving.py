"""A model moves to another home behind its door, goes back by one write, and leaves the old one for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.story.moving import (
    begin_move,
    deploys_fail_at_last,
    has_function,
    serves,
    still_moves,
)
from tests.story.stage import Stage, need_setup, throwaway

from ladle.embedded import lifecycle
from ladle.policy.statuses import Phase, ReleaseStatus

MODELS = ("finished", "undone", "fails-there", "cannot-start-there")
pytestmark = [pytest.mark.gate, pytest.mark.embedded, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stage(root: Path) -> Iterator[Stage]:
    need_setup(root)
    with throwaway(root, "moving") as shop:
        stage = Stage(shop, lifecycle.up(shop.root))
        stage.packages(*MODELS)
        stage.deploy()
        stage.promote(*MODELS)
        yield stage


def test_a_model_moves_goes_back_moves_again_and_leaves(stage: Stage) -> None:
    model, base = "finished", begin_move(stage, "finished")
    moved = stage.deploy(model)[model]
    assert (moved["status"], moved["release"]) == ("new release", base + 1)
    serves(stage, model, base + 1)
    [told] = stage.shop.ladle_json("status", model)["models"]
    assert told["moves"] is True

    stage.shop.ladle("rollback", model, "--yes")
    serves(stage, model, 1)
    refused = stage.shop.ladle("migrate", model, "--finish", expect=(1,))[1]
    assert any("LD285" in line for line in refused)
    assert still_moves(stage, model)

    stage.write(model, env="{GREETING: hello}")
    again = stage.deploy(model)[model]["release"]
    serves(stage, model, again)
    stage.promote(model)
    assert stage.settle(model).phase is Phase.STABLE
    stage.shop.ladle("migrate", model, "--finish")
    assert not still_moves(stage, model)
    with deploys_fail_at_last(stage):
        stage.shop.ladle("deploy", model, expect=(1,))
    assert has_function(stage, model, 0), "the stack went back"
    serves(stage, model, again)
    assert stage.deploy(model)[model]["status"] == "settings"
    assert not has_function(stage, model, 0)
    assert has_function(stage, model, base)
    serves(stage, model, again)

    stage.write(model, env="{GREETING: hello again}")
    tried = stage.deploy(model)[model]
    assert (tried["release"], tried["state"]) == (again + 1, "CANARY")


def test_a_move_that_is_undone_goes_on_as_a_new_function(stage: Stage) -> None:
    model, base = "undone", begin_move(stage, "undone")
    stage.deploy(model)
    serves(stage, model, base + 1)
    stage.shop.ladle("rollback", model, "--yes")
    serves(stage, model, 1)
    stage.settle(model)

    stage.shop.ladle("migrate", model, "--undo")
    assert still_moves(stage, model), "the numbers of the old function are given out"
    on = base + 2
    assert stage.deploy(model)[model]["release"] == on
    serves(stage, model, on)
    assert [has_function(stage, model, b) for b in (0, base, on - 1)] == [True, False, True]
    stage.promote(model)
    stage.settle(model)
    stage.shop.ladle("migrate", model, "--finish")
    stage.deploy(model)
    assert [has_function(stage, model, b) for b in (0, on - 1)] == [False, True]
    serves(stage, model, on)


def test_what_fails_in_its_new_home_is_led_away_from(stage: Stage) -> None:
    model, base = "fails-there", begin_move(stage, "fails-there")
    stage.write(model, transform="runs_out_of_memory.py")
    stage.deploy(model)
    with stage.traffic(model, at_once=4):
        stage.wait(model, lambda s: s.statuses.get(base + 1) is ReleaseStatus.ROLLED_BACK)
    serves(stage, model, 1)


def test_what_cannot_start_there_is_never_led_to(stage: Stage) -> None:
    model, base = "cannot-start-there", begin_move(stage, "cannot-start-there")
    stage.write(model, transform="cannot_be_imported.py")
    stage.deploy(model)
    stage.wait(model, lambda s: s.statuses.get(base + 1) is ReleaseStatus.REFUSED)
    serves(stage, model, 1)
