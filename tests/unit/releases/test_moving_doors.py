"""A model that moves keeps its door: what that leads to decides where it may go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.planning.specs import config_of
from tests.unit.releases.test_moving_a_model import (
    API,
    CONFIG,
    FIRST,
    IMAGE,
    LOCK,
    REST,
    at_rest,
)

from ladle.actions.move_model import (
    Destination,
    begin,
    destination,
    led_door,
    left_of,
    routes_note,
    undo,
)
from ladle.catalog import DoorKind, Packaging, Target
from ladle.errors import LadleError
from ladle.planning.resolve import Cloud
from ladle.policy.lock import Home, Lock


@pytest.mark.parametrize(
    ("to", "door", "said"),
    [
        ("sagemaker-async", REST, "answers later, and callers must be written for that"),
        ("sagemaker-serverless", API, "only REST APIs lead to both, and HTTP APIs have other"),
        ("ecs", REST, "only HTTP APIs lead to both, and REST APIs have other"),
        ("image", DoorKind.FUNCTION_URL, "and function URLs have other addresses"),
    ],
)
def test_what_the_door_cannot_be_led_to_is_refused_with_the_reason(
    to: str, door: DoorKind, said: str
) -> None:
    with pytest.raises(LadleError, match=rf"LD283.*from lambda \(zip\) to .*{to}") as refused:
        begin(at_rest(), 0, LOCK, destination(to, config_of(CONFIG), Cloud.AWS), door)
    assert said in refused.value.finding.fix
    assert "another name" in refused.value.finding.fix


@pytest.mark.parametrize("to", ["sagemaker", "sagemaker-serverless", "image"])
def test_behind_a_rest_api_functions_and_endpoints_change_places(to: str) -> None:
    there = destination(to, config_of(CONFIG), Cloud.AWS)
    lock = begin(at_rest(), 0, LOCK, there, REST)
    assert (lock.home, lock.leaves) == (Home(there.target, 2), FIRST)
    state = at_rest(1)
    runs = replace(state.the_stable, target=there.target, packaging=there.packaging)
    back = Lock(there.target, there.packaging, None)
    zipped_again = Destination(Target.LAMBDA, Packaging.ZIP)
    lock = begin(replace(state, stable=runs, good=(runs,)), 0, back, zipped_again, REST)
    assert (lock.home, lock.leaves) == (Home(Target.LAMBDA, 1), back.home)


def test_who_moves_to_an_endpoint_hears_which_routes_it_does_not_answer() -> None:
    for to in (Target.SAGEMAKER, Target.SAGEMAKER_SERVERLESS):
        note = routes_note(Target.LAMBDA, to)
        assert note is not None
        assert f"on {to} POST /predict and POST /invocations are answered, and nothing else" in note
        assert "GET /healthz" in note.partition("leads there")[2]
        assert "POST" not in note.partition("leads there")[2]
        assert routes_note(Target.SAGEMAKER, to) is None
        assert routes_note(to, Target.LAMBDA) is None


def test_only_an_api_is_led_elsewhere() -> None:
    live = {"PredictIntegration": {"Type": "AWS::ApiGatewayV2::Integration"}}
    again = {"Home7PredictIntegration0A1B2C3D": live["PredictIntegration"]}
    for resources, kind in ((live, API), (again, API), (_led_by({}), REST)):
        assert led_door("fraud", resources) is kind
    for resources in ({}, {"PredictIntegration": {"Type": "AWS::Lambda::Permission"}}):
        with pytest.raises(LadleError, match=r"LD283.*is no API"):
            led_door("fraud", resources)


def test_a_rest_api_that_does_not_say_its_home_is_deployed_first() -> None:
    with pytest.raises(LadleError, match=r"LD281.*which home"):
        left_of("fraud", FIRST, _led_by({}))
    said = _led_by({"Description": "ladle:home-0"})
    assert left_of("fraud", FIRST, said).resources == said


def _led_by(deployment: dict[str, str]) -> dict[str, Any]:
    leads = {"DeploymentId": {"Ref": "Deployment"}}
    return {
        "DoorStage": {"Type": "AWS::ApiGateway::Stage", "Properties": leads},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": deployment},
    }


def test_a_model_that_has_moved_keeps_its_kind_of_door() -> None:
    """Its first home has what its config asks for, as before any move."""
    begun = begin(at_rest(), 0, LOCK, IMAGE, REST)
    assert begun.door is REST
    assert undo(at_rest(), 0, begun).door is None
    here = replace(begun, base=1, leaves=None)
    serving = replace(at_rest().the_stable, packaging=Packaging.IMAGE, base=1)
    state = replace(at_rest(), stable=serving, good=(serving,))
    on = begin(state, 0, here, Destination(Target.SAGEMAKER, Packaging.IMAGE), REST)
    assert (on.door, undo(state, 0, on).door) == (REST, REST)
