"""Where a door cannot ask an endpoint itself a function stands between: with tokens, pages, and after a move."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.synth import moving
from tests.synth import test_plan_is_right as plan
from tests.synth import test_sagemaker as endpoint
from tests.synth.moving import MOVES
from tests.synth.repository import BEHIND, MODEL, Synth, one, resources, synthesize, text

from ladle import names
from ladle.catalog import DoorKind, Packaging, Target
from ladle.planning import between, permissions
from ladle.planning import resources as planned
from ladle.planning.door_resources import INVOKING_ROUTES, SERVING_ROUTES
from ladle.policy.lock import Lock
from ladle.project.function_code import package_roots
from ladle_runtime.asking import invoking

ON_SAGEMAKER = MODEL + "target: sagemaker\n"
OPEN = "door: {auth: none, public_acknowledged_by: ada@example.com, cors: ['https://a.example']}\n"
CONFIGS = {
    "tokens": ON_SAGEMAKER + BEHIND["tokens"],
    "pages": ON_SAGEMAKER + OPEN,
    "moved": ON_SAGEMAKER + "compute: {timeout_s: 7}\n",
    "traced": ON_SAGEMAKER
    + BEHIND["tokens"]
    + "tracing: xray\nnotify: ['mailto:ada@example.com']\ncost: {idle_ttl: 24h}\n",
}
LOCKS = {"moved": Lock(Target.SAGEMAKER, Packaging.IMAGE, None, base=8, door=DoorKind.HTTP_API)}
ROLES = plan.ROLES | {"invoking": "InvokesRole"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    return synthesize(tmp_path_factory.mktemp("between"), root, CONFIGS, locks=LOCKS)


def the_function(made: Synth, model: str) -> Any:
    found = resources(made.model(model), "AWS::Lambda::Function").values()
    wanted = names.invoking_function(model)
    [function] = (f["Properties"] for f in found if f["Properties"]["FunctionName"] == wanted)
    return function


@pytest.mark.parametrize("model", CONFIGS)
def test_its_plan_is_its_template(made: Synth, model: str) -> None:
    found, template = planned.resources(made.specs[model]), made.model(model)
    types = Counter(r["Type"] for r in template["Resources"].values())
    assert Counter(r.type for r in found) == types
    named = {(r.type, r.name) for r in found if r.name is not None}
    assert named <= {(r["Type"], plan._name(r)) for r in template["Resources"].values()}


@pytest.mark.parametrize("model", sorted(CONFIGS.keys() - LOCKS.keys()))
def test_its_sentences_are_its_policies(made: Synth, model: str) -> None:
    template = made.model(model)
    held = {role.holder: role.grants for role in permissions.of_model(made.specs[model])}
    assert plan._ids(template, "AWS::IAM::Role") == {ROLES[holder] for holder in held}
    for holder, grants in held.items():
        granted = [plan._granted(s) for s in plan._role(template, ROLES[holder])]
        assert [plan._planned(grant) for grant in grants] == granted


def test_it_may_ask_this_one_endpoint_as_its_code_does_and_nothing_else(made: Synth) -> None:
    source = (package_roots()["ladle"] / "aws" / "endpoint_answers.py").read_text()
    calls = set(endpoint.called(source, ("sagemaker-runtime",)))
    assert calls == {"sagemaker-runtime:InvokeEndpoint"}
    [asks, log] = plan._role(made.model("tokens"), "InvokesRole")
    assert asks["Action"] == "sagemaker:InvokeEndpoint"
    assert text(asks["Resource"]).endswith(":endpoint/ladle-tokens")
    assert set(log["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_a_traced_model_is_traced_where_its_door_cannot(made: Synth) -> None:
    assert the_function(made, "traced")["TracingConfig"] == {"Mode": "Active"}
    assert "TracingConfig" not in the_function(made, "tokens")


@pytest.mark.parametrize("model", CONFIGS)
def test_its_door_leads_to_it_and_nothing_of_a_rest_api_is_left(made: Synth, model: str) -> None:
    template = made.model(model)
    live = one_integration(template, names.LIVE_INTEGRATION)
    [id_] = [
        k
        for k, r in resources(template, "AWS::Lambda::Function").items()
        if r["Properties"]["FunctionName"] == names.invoking_function(model)
    ]
    assert live["IntegrationUri"] == {"Fn::GetAtt": [id_, "Arn"]}
    assert one(template, "AWS::Lambda::Permission")["Properties"]["FunctionName"] == {
        "Fn::GetAtt": [id_, "Arn"]
    }
    assert not resources(template, "AWS::ApiGateway::RestApi")
    routes = resources(template, "AWS::ApiGatewayV2::Route").values()
    keys = {r["Properties"]["RouteKey"] for r in routes}
    assert keys == {*INVOKING_ROUTES, "POST /feedback"}


def one_integration(template: Any, description: str) -> Any:
    found = [
        r["Properties"] for r in resources(template, "AWS::ApiGatewayV2::Integration").values()
    ]
    [live] = (properties for properties in found if properties.get("Description") == description)
    return live


def test_its_code_knows_the_routes_of_its_door() -> None:
    assert invoking.ROUTES == INVOKING_ROUTES


def test_a_route_keeps_its_id_where_others_go(made: Synth) -> None:
    """API Gateway has one route of a key: one that changed its id would meet itself."""
    found = resources(made.model("tokens"), "AWS::ApiGatewayV2::Route")
    for id_, route in found.items():
        if id_.startswith("PredictRoute"):
            number = int(id_.removeprefix("PredictRoute"))
            assert route["Properties"]["RouteKey"] == SERVING_ROUTES[number]


def test_routes_that_an_endpoint_has_not_go_when_the_other_home_does(
    tmp_path: Path, root: Path
) -> None:
    """Until then either may answer."""
    move = moving.move(tmp_path, root, {"asked": MOVES["asked"]})
    found = [
        resources(synth.model("asked"), "AWS::ApiGatewayV2::Route")
        for synth in (move.before, move.while_, move.after)
    ]
    before, while_, after = ({k for k in ids if k.startswith("Predict")} for ids in found)
    assert before == while_
    assert (len(before), after) == (9, {"PredictRoute0", "PredictRoute8"})


@pytest.mark.parametrize(("model", "waits_s"), [("tokens", 29), ("moved", 7)])
def test_each_waits_longer_than_what_it_asks(made: Synth, model: str, waits_s: int) -> None:
    """The function has a second to say that the endpoint took too long, and the door hears it."""
    live = one_integration(made.model(model), names.LIVE_INTEGRATION)
    assert the_function(made, model)["Timeout"] == waits_s + names.LATE_S
    assert live["TimeoutInMillis"] == (waits_s + names.LATE_S) * 1000
    assert live["TimeoutInMillis"] <= 30_000, "what an HTTP API waits at most"


def test_a_model_that_has_moved_keeps_its_kind_of_door(made: Synth) -> None:
    door = made.specs["moved"].door
    assert (door.kind, door.is_kept) == (DoorKind.HTTP_API, True)
    assert between.stands(made.specs["moved"])
    assert made.specs["moved"].lock.door is DoorKind.HTTP_API
    assert made.specs["tokens"].lock.door is None
    assert "door" not in json.dumps(made.specs["tokens"].lock.to_json())


def test_silence_is_that_of_the_function(made: Synth) -> None:
    alarm = resources(made.model("traced"), "AWS::CloudWatch::Alarm")["IdleAlarm"]["Properties"]
    told = (alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"][0]["Value"])
    assert told == ("AWS/Lambda", "Invocations", "ladle-traced-invokes")
