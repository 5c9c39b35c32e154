"""While a model moves its stack holds both homes, and what it leaves is not touched."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.synth import moving, sound
from tests.synth.moving import BASE, MOVES, REST, Moved, named, named_things, touched
from tests.synth.repository import Template, text, waits_for
from tests.synth.repository import resources as resources_of

from ladle import names
from ladle.catalog import Target
from ladle.errors import LadleError
from ladle.planning.moving import live_of, stays
from ladle.planning.service_spec import Left, ServiceSpec

pytestmark = pytest.mark.xdist_group("moving")


@pytest.fixture(params=MOVES)
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_what_is_left_stays_byte_for_byte(moved: Moved, model: str) -> None:
    spec = moved.while_.specs[model]
    before, now = (s.model(model)["Resources"] for s in (moved.before, moved.while_))
    assert len(stays(spec)) >= 3
    assert list(touched(moved, model)) == []
    assert set(before) <= set(now)


@pytest.mark.parametrize("model", sorted(MOVES.keys() - REST))
def test_the_live_integration_is_not_touched_and_each_home_has_an_example(
    moved: Moved, model: str
) -> None:
    spec = moved.while_.specs[model]
    assert spec.left is not None
    before, now = (s.model(model)["Resources"] for s in (moved.before, moved.while_))
    led = live_of(before)
    assert led is not None
    live, old, new = (
        now[id_]["Properties"]
        for id_ in (led, f"LeadsTo{spec.left.home.base}", f"LeadsTo{spec.base}")
    )
    assert now[led] == named(before[led], spec)
    assert live["Description"] == names.LIVE_INTEGRATION
    assert old == {**live, "Description": names.home_integration(spec.left.home.base)}
    assert new["Description"] == names.home_integration(spec.base)
    after = moved.after.model(model)["Resources"]
    its_own = after[live_of(after) or ""]["Properties"]
    assert new == {**its_own, "Description": new["Description"]}
    assert (new["IntegrationUri"], new["IntegrationType"]) != (
        old["IntegrationUri"],
        old["IntegrationType"],
    )


def test_the_new_homes_example_comes_last_of_all(moved: Moved, model: str) -> None:
    template, id_ = (
        moved.while_.model(model),
        f"LeadsTo{moved.while_.specs[model].base}",
    )
    assert waits_for(template, id_) == set(template["Resources"]) - {id_}


def test_what_a_hand_over_needed_outlives_it_until_the_end(moved: Moved, model: str) -> None:
    """But for the role by which a door that came first asks an endpoint."""
    kept = {id_ for id_ in stays(moved.while_.specs[model]) if "DoorRole" not in id_}
    needed = waits_for(moved.before.model(model), "Release") & kept
    assert needed
    assert needed <= waits_for(moved.while_.model(model), "Release")


def test_no_two_things_of_both_homes_have_one_name(moved: Moved, model: str) -> None:
    found = Counter(named_things(moved.while_.model(model)))
    assert [thing for thing, count in found.items() if count > 1] == []


def test_a_move_that_is_finished_leaves_nothing_of_it(moved: Moved, model: str) -> None:
    after, spec = moved.after.model(model)["Resources"], moved.while_.specs[model]
    assert set(stays(spec)) & set(after) == set()
    assert not [id_ for id_ in after if id_.startswith("LeadsTo")]
    assert "Leaves" not in after["Release"]["Properties"]
    assert after["Release"]["Properties"]["Base"] == str(spec.base)


@pytest.mark.parametrize("model", sorted(REST))
def test_the_stage_answers_by_what_it_did_until_the_controller_leads_it(
    moved: Moved, model: str
) -> None:
    spec = moved.while_.specs[model]
    before, now, after = (
        s.model(model)["Resources"] for s in (moved.before, moved.while_, moved.after)
    )
    was, leads, answers = answers_by(before), f"LeadsTo{spec.base}", answers_by(after)
    assert now["DoorStage"] == before["DoorStage"]
    assert now[was] == before[was], "a deployment that changes may be made again, of another API"
    assert was not in after
    assert spec.left is not None
    said = [made["Properties"]["Description"] for made in (before[was], now[leads], after[answers])]
    homes = (spec.left.home, spec.home, spec.home)
    assert said == [names.home_integration(home.base) for home in homes]
    there = replace(spec, left=Left(spec.home, {}))
    assert now["Door"] == named(after["Door"], there), "of the same API the last one is made"
    assert "DependsOn" not in after[answers]


def answers_by(resources: Template) -> str:
    return str(resources["DoorStage"]["Properties"]["DeploymentId"]["Ref"])


@pytest.mark.parametrize("model", sorted(MOVES.keys() - REST))
def test_no_deploy_writes_what_the_controller_has_led(moved: Moved, model: str) -> None:
    """One that fails after a move leads routes back through it, to where it has led."""
    while_, after = (s.model(model)["Resources"] for s in (moved.while_, moved.after))
    led, its_own = live_of(while_), live_of(after)
    assert led not in after
    assert its_own not in while_
    through = {text(route["Properties"]["Target"]) for route in _routes(after)}
    assert through == {f"integrations/${{{its_own}}}"}


@pytest.mark.parametrize("model", sorted(REST))
def test_a_stage_that_was_led_is_described_anew_last_of_all_that_changes(
    moved: Moved, model: str
) -> None:
    """What is taken back when a deploy fails would lead to the home that was left."""
    while_, after = (s.model(model) for s in (moved.while_, moved.after))
    before = waits_for(after, "DoorStage")
    assert "Release" in before
    for id_ in set(after["Resources"]) - {"DoorStage", *before}:
        assert after["Resources"][id_] == while_["Resources"][id_], id_


def test_the_new_home_keeps_its_ids_when_the_move_is_finished(moved: Moved, model: str) -> None:
    own = f"Home{moved.while_.specs[model].base}"
    now, after = (s.model(model)["Resources"] for s in (moved.while_, moved.after))
    theirs = {id_ for id_ in after if id_.startswith(own)} - {live_of(after)}
    assert len(theirs) >= 4
    for id_ in theirs:
        assert json.dumps(now[id_]) == json.dumps(after[id_]), id_


def test_the_hand_over_says_where_to_and_from_where(moved: Moved, model: str) -> None:
    spec = moved.while_.specs[model]
    assert spec.left is not None
    said = moved.while_.model(model)["Resources"]["Release"]["Properties"]
    assert said["Base"] == str(spec.base)
    assert said["Leaves"] == {
        "Target": str(spec.left.home.target),
        "Base": str(spec.left.home.base),
    }


def test_a_function_knows_the_base_of_its_home(moved: Moved) -> None:
    for name in ("packed", "shrunk", "moved-before", "keyed"):
        spec = moved.after.specs[name]
        found = moved.after.model(name)["Resources"]
        [function] = (
            r["Properties"]
            for r in found.values()
            if r.get("Properties", {}).get("FunctionName") == names.function(name, spec.base)
        )
        assert function["Environment"]["Variables"]["LADLE_BASE"] == str(spec.base)


@pytest.mark.parametrize("model", ["steadied", "thinned"])
def test_a_log_keeps_its_id_from_deploy_to_deploy(
    moved: Moved, tmp_path: Path, root: Path, model: str
) -> None:
    """CloudFormation would make one of that name anew, and find it there; also in the next move."""
    was, after = moved.after.specs[model], moved.after.model(model)
    function = was if was.target is Target.LAMBDA else moved.before.specs[model]
    again = moving.moving(function, was, after)
    made = [moving.templates(tmp_path, root, {model: s}) for s in (again, moving.finished(again))]
    synths = (moved.before, moved.while_, moved.after, *made)
    found = {
        (text(log["Properties"]["LogGroupName"]), id_)
        for synth in synths
        for id_, log in resources_of(synth.model(model), "AWS::Logs::LogGroup").items()
    }
    assert len(dict(found)) == len(found)
    assert {names.log_group(model), names.endpoint_log_group(model)} <= dict(found).keys()


def test_silence_is_that_of_the_door_while_either_home_may_answer(moved: Moved) -> None:
    watched = moved.while_.model("packed")["Resources"]["IdleAlarm"]["Properties"]
    assert (watched["Namespace"], watched["Dimensions"]) == (
        "AWS/ApiGateway",
        [{"Name": "ApiId", "Value": {"Ref": "Door"}}],
    )
    watched = moved.while_.model("keyed")["Resources"]["IdleAlarm"]["Properties"]
    assert watched["Dimensions"] == [{"Name": "ApiName", "Value": "ladle-keyed"}]
    alone = moved.after.model("packed")["Resources"]["IdleAlarm"]["Properties"]
    assert alone["Dimensions"] == [
        {"Name": "FunctionName", "Value": names.function("packed", BASE)}
    ]


def test_what_metadata_and_policies_a_resource_had_it_keeps(
    moved: Moved, tmp_path: Path, root: Path
) -> None:
    spec = moved.while_.specs["grown"]
    assert spec.left is not None
    more = {
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "DependsOn": ["Logs"],
        "Metadata": {"aws:cdk:path": "ladle-model-grown/Function"},
    }
    changed = {**spec.left.resources["Function"], **more}
    made = moving.templates(tmp_path, root, {"grown": _with(spec, Function=changed)})
    assert made.model("grown")["Resources"]["Function"] == changed


def test_what_a_repository_adds_is_there_before_the_door_can_be_led(
    moved: Moved, tmp_path: Path, root: Path
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "extra.py").write_text(
        "from aws_cdk import aws_lambda, aws_sqs\n"
        "def extend(stack, spec):\n"
        "    function = stack.find('Function', aws_lambda.CfnFunction)\n"
        "    aws_sqs.CfnQueue(stack, 'Ours', queue_name=function.function_name)\n"
    )
    spec = moved.while_.specs["packed"]
    made = moving.templates(tmp_path, root, {"packed": spec}, repository=tmp_path)
    template = made.model("packed")
    assert "Ours" in waits_for(template, f"LeadsTo{BASE}")
    ours = template["Resources"]["Ours"]["Properties"]
    assert ours["QueueName"] == names.function("packed", BASE)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"Function": {"Type": "AWS::Lambda::Function", "DependsOn": "Lost"}}, "needs Lost"),
        ({"Logs": {"Type": "AWS::SQS::Queue"}}, "needs Logs"),
    ],
)
def test_what_stays_must_find_what_it_needs(
    moved: Moved, tmp_path: Path, root: Path, changed: dict[str, Any], fault: str
) -> None:
    wrong = _with(moved.while_.specs["grown"], **changed)
    with pytest.raises(LadleError, match=f"LD265.*{fault}"):
        moving.templates(tmp_path, root, {"grown": wrong})


@pytest.mark.parametrize(
    ("model", "target", "why"),
    [
        ("shrunk", Target.ECS, "another ecs would have the names of the first"),
        ("thinned", Target.SAGEMAKER, "another sagemaker would have the names"),
        ("woken", Target.SAGEMAKER_ASYNC, "it goes to sagemaker-async"),
        ("grown", Target.SAGEMAKER_SERVERLESS, "it goes to sagemaker-serverless"),
    ],
)
def test_where_no_door_leads_and_no_second_home_fits_nothing_moves(
    moved: Moved, tmp_path: Path, root: Path, model: str, target: Target, why: str
) -> None:
    wrong = replace(moved.while_.specs[model], target=target)
    with pytest.raises(LadleError, match=rf"LD283.*{why}"):
        moving.templates(tmp_path, root, {model: wrong})


def test_a_door_that_cannot_be_led_is_refused(moved: Moved, tmp_path: Path, root: Path) -> None:
    wrong = _with(moved.while_.specs["grown"], PredictIntegration={"Type": "AWS::Lambda::Url"})
    with pytest.raises(LadleError, match=r"LD283.*its door is none that can be led"):
        moving.templates(tmp_path, root, {"grown": wrong})


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_all_holds_of_a_stack_with_two_homes_that_holds_of_one(
    moved: Moved, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "true")
    both = [moved.while_.specs[name] for name in ("packed", "shrunk", "keyed", "idled")]
    alone = [moved.after.specs[name] for name in ("grown", "moved-before", "spared")]
    made = sound.made_of(tmp_path, root, (*both, *alone))
    assert sorted(sound.faults(made)) == []
    for name in ("shrunk", "moved-before", "keyed", "idled"):
        assert sound.lint_faults(made.synth.model(name)) == []


def _routes(resources: Template) -> list[Template]:
    return [route for id_, route in resources.items() if id_.startswith("PredictRoute")]


def _with(spec: ServiceSpec, **changed: Any) -> ServiceSpec:
    assert spec.left is not None
    return replace(spec, left=Left(spec.left.home, {**spec.left.resources, **changed}))
