"""What ``ladle plan`` answers for the digits package, against a ledger in a folder and against none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.deployed import first_release
from tests.unit.planning.specs import config_of, spec_of

from ladle.catalog import Packaging, Target
from ladle.cli.main import main
from ladle.cli.plan_words import plan_lines
from ladle.disk.clock import SystemClock
from ladle.planning.outlook import outlook
from ladle.planning.plan import Change, ModelPlan
from ladle.planning.prices import prices
from ladle.planning.service_spec import Left
from ladle.policy.lock import Home, Lock
from ladle.policy.statuses import QuarantineScope
from ladle.project.left_file import write_left
from ladle.project.pinned_lock import write_lock
from ladle.project.repository import ModelPackage
from ladle.quality.counts import Counts, WindowKey, latency_bin
from ladle.releases.state import Quarantined, ReleaseState
from ladle.wiring import open_workspace

Plan = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def plan(here: Path, capsys: pytest.CaptureFixture[str]) -> Plan:
    def run(*words: str) -> tuple[int, dict[str, Any]]:
        status = main(["plan", "--json", *words])
        return status, json.loads(capsys.readouterr().out)

    return run


def hand_over(here: Path, digests: dict[str, Any], *entries: Quarantined) -> None:
    """What a deploy of these digests leaves in the ledger."""
    ledger = open_workspace(None, here).ledger
    release = first_release(here, digests)
    state = ReleaseState(
        "digits", releases=(release,), handed_over=release.release_digest, quarantine=entries
    )
    ledger.save(state, [], at=1.0)


def change_config(here: Path, old: str, new: str) -> None:
    path = here / "model_packages/digits/model.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_first_deploy_is_a_new_release_with_target_and_reason(plan: Plan) -> None:
    status, said = plan("--exit-code")
    [model] = said["models"]
    assert status == 3
    assert (model["name"], model["change"], model["target"]) == ("digits", "new release", "lambda")
    assert model["target_reason"].startswith("auto: a function")
    assert said["would_change"] is True


def test_where_no_release_changes_it_says_who_compares_the_stack(
    here: Path, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan"]) == 0
    assert "cdk diff" not in capsys.readouterr().out
    hand_over(here, plan()[1]["models"][0])
    assert main(["plan"]) == 0
    assert "npx cdk diff ladle-model-digits" in " ".join(capsys.readouterr().out.split())


def test_what_a_stack_would_change_in_place_is_said_in_words() -> None:
    spec, config = spec_of(), config_of("name: fraud\nmodel: model.onnx\ntype: classification\n")
    name = "npx cdk diff ladle-model-fraud"

    def said(change: Change, settings: tuple[str, ...] | None) -> str:
        model = ModelPlan(spec, change, "a reason", settings=settings)
        found = outlook(model, config.traffic, prices())
        return " ".join(" ".join(plan_lines(model, config, found, prices())).split())

    in_place = f"changes in place: the door, tags; resource by resource: {name}"
    assert in_place in said(Change.SETTINGS, ("door", "tags"))
    assert in_place in said(Change.NEW_RELEASE, ("door", "tags"))
    assert "has what is written here" in said(Change.UNCHANGED, ())
    assert f"not compared here: {name}" in said(Change.POLICY_ONLY, None)
    assert name not in said(Change.NEW_RELEASE, ())


def test_what_was_handed_over_is_unchanged(here: Path, plan: Plan) -> None:
    hand_over(here, plan()[1]["models"][0])
    status, said = plan("--exit-code")
    assert (status, said["models"][0]["change"], said["would_change"]) == (0, "unchanged", False)


def test_a_model_that_moves_is_planned_where_it_goes(
    here: Path, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_over(here, plan()[1]["models"][0])
    package = ModelPackage(here / "model_packages/digits")
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Architectures": ["x86_64"]}}
    left = Left(Home(Target.LAMBDA), {"Function": function})
    write_left(package, "aws", left)
    write_lock(package, "aws", Lock(Target.ECS, Packaging.IMAGE, None, base=1, leaves=left.home))
    [said] = plan()[1]["models"]
    assert (said["change"], said["target"]) == ("new release", "ecs")
    assert said["moves_from"] == {"target": "lambda", "base": 0}
    assert said["reason"] == "it moves: what release 1 is, in its new home"
    assert main(["plan"]) == 0
    assert "moves     from lambda to ecs: both are there" in capsys.readouterr().out

    to_an_endpoint = Lock(Target.SAGEMAKER, Packaging.IMAGE, None, base=1, leaves=left.home)
    write_lock(package, "aws", to_an_endpoint)
    assert main(["plan"]) == 0
    said = capsys.readouterr().out
    assert "moves     from lambda to sagemaker: both are there" in said
    assert "POST /predict and POST /invocations are answered, and nothing else" in said


def test_another_bake_is_policy_only(here: Path, plan: Plan) -> None:
    hand_over(here, plan()[1]["models"][0])
    change_config(here, "bake: 45s", "bake: 50s")
    status, said = plan("--exit-code")
    assert (status, said["models"][0]["change"]) == (3, "policy only")


def test_another_memory_is_a_new_release(here: Path, plan: Plan) -> None:
    hand_over(here, plan()[1]["models"][0])
    change_config(here, "type: classification", "type: classification\ncompute: {memory_mb: 2048}")
    assert plan()[1]["models"][0]["change"] == "new release"


def test_a_quarantined_model_with_other_settings_is_refused(here: Path, plan: Plan) -> None:
    digests = plan()[1]["models"][0]
    entry = Quarantined(QuarantineScope.MODEL, digests["model_digest"], 1, 2.0, "it got worse", 5.0)
    hand_over(here, digests, entry)
    assert plan()[1]["models"][0]["change"] == "unchanged"
    change_config(here, "type: classification", "type: classification\ncompute: {memory_mb: 2048}")
    status, said = plan()
    assert (status, said["models"][0]["change"]) == (1, "refused")
    assert said["models"][0]["quarantined"] == "it got worse"


def test_without_a_workspace_it_plans_and_says_that_nothing_was_compared(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LADLE_WORKSPACE", "embedded:")
    status, said = plan()
    assert status == 0
    assert said["models"][0]["change"] == "not compared"
    assert said["would_change"] is None
    assert main(["plan"]) == 0
    assert "nothing could be compared" in capsys.readouterr().err


def test_explain_gives_every_default_its_reason(
    here: Path, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = plan("--explain")
    rows = {row["key"]: row for row in said["models"][0]["defaults"]}
    assert rows["rollout.bake"]["set"] is True
    assert rows["door.auth"] == {
        "key": "door.auth",
        "default": "iam",
        "reason": "nobody can call who was not allowed to",
        "set": False,
    }
    assert main(["plan", "--explain"]) == 0
    text = capsys.readouterr().out
    assert "door.auth" in text
    assert "150 requests take about" in text


def test_it_foresees_what_a_trial_would_catch(
    here: Path, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = plan()[1]["models"][0]["trial"]
    assert (trial["seconds"], trial["candidate_requests"]) == (54, 150)
    assert [row["guard"] for row in trial["catches"]] == ["failures", "latency", "accuracy"]
    for row in trial["catches"]:
        assert row["stable_rate"] < row["with_50_percent"] < row["with_95_percent"] < 1
    assert main(["plan"]) == 0
    assert "wrong answers: a rise from 10% to 27% is caught within 54s" in capsys.readouterr().out


def test_an_environment_that_no_model_has_is_refused(
    here: Path, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    change_config(here, "type: classification", "type: classification\nenvironments: {prod: {}}")
    assert plan("--env", "prod")[1]["environment"] == "prod"
    assert main(["plan", "--env", "prd"]) == 1
    assert "LD133" in capsys.readouterr().err


def test_one_screen_says_what_follows_from_a_deploy(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    [model] = plan()[1]["models"]
    assert len(model["resources"]) == 29
    assert {role["holder"] for role in model["permissions"]} == {
        "serving",
        "bundler",
        "hand-off",
        "router",
    }
    assert model["cost"]["requests_per_day"] == 600_000
    assert model["cost"]["idle_month"]["total"] < model["cost"]["expected_month"]["total"]
    assert model["exposure"]["public"] is False
    assert main(["plan"]) == 0
    screen = capsys.readouterr().out
    for title in ("makes", "costs", "may", "exposure", "goes back", "reaches", "limits"):
        assert f"\n  {title} " in screen
    assert len(screen.splitlines()) < 50


def test_explain_gives_the_bill_line_by_line(
    here: Path, plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--explain"]) == 0
    bill = [line for line in capsys.readouterr().out.splitlines() if line.startswith("serving ")]
    assert any("the door" in line for line in bill)


def test_a_second_release_would_go_back_to_the_first_even_before_that_is_proven(
    here: Path, plan: Plan
) -> None:
    hand_over(here, plan()[1]["models"][0])
    change_config(here, "type: classification", "type: classification\ncompute: {memory_mb: 2048}")
    [model] = plan()[1]["models"]
    assert model["goes_back_to"] == 1
    assert model["recovery"][0].startswith("to release 1 by one write of the alias")


def test_traffic_that_was_counted_is_preferred_to_what_is_stated(here: Path, plan: Plan) -> None:
    hand_over(here, plan()[1]["models"][0])
    start = SystemClock().now() - 30.0
    counts = Counts(requests=300, latency={latency_bin(4.0): 300})
    window = {WindowKey("digits", 1, start): counts}
    open_workspace(None, here).counters.add({"a batch": window})
    [model] = plan()[1]["models"]
    assert model["cost"]["traffic"] == "observed"
    assert model["cost"]["requests_per_day"] == pytest.approx(864_000, rel=0.2)
