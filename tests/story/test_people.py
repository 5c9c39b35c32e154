"""What people do by hand is either done and written down, or noticed and left for a person."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

import pytest
from tests.story.moving import begin_move, has_function, serves, still_moves
from tests.story.stage import Stage

from ladle import names
from ladle.aws.stack_reader import AwsStackReader
from ladle.policy.statuses import Phase
from ladle.releases.effects import RecordKind

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(240)]

MODELS = ("rolled-back", "edited-by-hand", "rung")


@pytest.fixture(scope="module")
def proven(stage: Stage) -> Stage:
    """Releases 1 and 2 of each are proven; 2 serves."""
    stage.packages(*MODELS)
    stage.deploy()
    stage.promote(*MODELS)
    for model in MODELS:
        stage.write(model, env="{GREETING: hello}")
    stage.deploy()
    stage.promote(*MODELS, *MODELS)  # the second of them ends the holdback
    return stage


def ring(stage: Stage, model: str) -> None:
    """What CloudWatch does when the evidence alarm goes off, whatever the evidence says."""
    for value in ("OK", "ALARM"):
        stage.session.cloudwatch.set_alarm_state(
            AlarmName=names.evidence_alarm(model), StateValue=value, StateReason="a test rings"
        )


def outcomes_logged(stage: Stage, model: str, answer: Mapping[str, Any]) -> list[str]:
    """Of the request that was answered so; the emulator hands lines over a moment later."""
    for _ in range(20):
        asked = ("logs", model, "--request", answer["prediction_id"])
        lines = stage.shop.ladle_json(*asked)["lines"]
        if found := [line["outcome"] for line in lines if "outcome" in line]:
            return found
        stage.clock.sleep(0.5)
    return []


def test_a_persons_rollback_is_recorded_with_who_and_why(proven: Stage) -> None:
    proven.shop.ladle("rollback", "rolled-back", "--reason", "complaints of customers", "--yes")
    assert proven.weights("rolled-back") == {1: 1.0}
    assert proven.ask("rolled-back")[1]["release"] == 1
    told = proven.shop.ladle_json("history", "rolled-back")
    (row,) = [r for r in told["records"] if r["kind"] == "rolled_back"]
    assert (row["data"]["by"], row["data"]["reason"]) == (
        getpass.getuser(),
        "complaints of customers",
    )


def test_an_alias_edited_by_hand_freezes_and_restore_puts_it_right(proven: Stage) -> None:
    model = "edited-by-hand"
    proven.session.lambda_.update_alias(
        FunctionName=names.function(model), Name=names.ALIAS, FunctionVersion="1"
    )
    ring(proven, model)
    state = proven.wait(model, lambda s: s.phase is Phase.FROZEN)
    assert "somebody else" in state.reason
    assert proven.weights(model) == {1: 1.0}

    proven.shop.ladle("resume", model, "--restore", "--yes")
    assert proven.settle(model).phase is Phase.STABLE
    assert proven.weights(model) == {2: 1.0}


def test_a_model_moves_behind_its_door_and_goes_back(proven: Stage) -> None:
    model = "edited-by-hand"
    base = begin_move(proven, model)
    assert proven.deploy(model)[model]["release"] == base + 1
    serves(proven, model, base + 1)
    proven.shop.ladle("rollback", model, "--yes")
    serves(proven, model, 2)
    assert still_moves(proven, model)
    assert [has_function(proven, model, number) for number in (0, base)] == [True, True]


def test_an_alarm_that_rings_twice_for_nothing_changes_nothing(proven: Stage) -> None:
    before = proven.state("rung")
    ring(proven, "rung")
    ring(proven, "rung")
    # The inbox is heard after the alarms, so what a person asks now is answered behind them.
    proven.shop.ladle("pause", "rung")
    rows = proven.rows("rung", RecordKind.ROLLED_BACK)
    assert (rows, proven.weights("rung")) == ([], before.traffic.weights if before.traffic else {})


def test_a_model_that_was_taken_down_begins_again_with_its_next_deploy(proven: Stage) -> None:
    model = "rolled-back"
    assert "ok" in outcomes_logged(proven, model, proven.ask(model)[1])
    gone = proven.shop.ladle_json("destroy", model, "--yes")
    assert not AwsStackReader(proven.session.cloudformation).exists(gone["stack"])
    assert proven.workspace.router.read(model) is None
    served = proven.workspace.ledger.deployments(model)
    assert [row.served == () for row in served][-2:] == [False, True]
    assert proven.deploy(model)[model]["state"] == "BASELINE"
    assert proven.ask(model)[0] == 200
