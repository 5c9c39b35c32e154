"""A model on serverless endpoints: its plan is its stack's, its roles may what their code does, and no template
says which release answers.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.synth import api_calls
from tests.synth import test_plan_is_right as plan
from tests.synth import test_sagemaker as realtime
from tests.synth.repository import (
    MODEL,
    SECRETS,
    Synth,
    one,
    resources,
    synthesize,
    text,
    waits_for,
)

from ladle import names
from ladle.planning import permissions
from ladle.planning import resources as planned
from ladle.project.function_code import package_roots

CONFIGS = {
    "plain": MODEL + "target: sagemaker-serverless\n",
    "wide": MODEL
    + "target: sagemaker-serverless\ndoor: {auth: api_key}\n"
    + "compute: {memory_mb: 3008, max_instances: 10}\n"
    + SECRETS,
}
OF_BOTH = ["endpoint_stage.py", "release_endpoints.py", "sagemaker_endpoint.py"]
# Adapters of a role, and what they can but the role's function never does.
ADAPTERS = {
    "hand-off": (
        [
            *OF_BOTH,
            "versions/endpoint_per_release.py",
            "release_models.py",
            "release_logs.py",
        ],
        set[str](),
    ),
    "router": (
        [*OF_BOTH, "traffic/endpoint_per_release.py"],
        {"sagemaker:DeleteEndpointConfig"},
    ),
}
SERVICES = ("sagemaker", "logs", "apigateway")
# Tags that come with what is made, and the log of the function itself.
AROUND = {"sagemaker:AddTags", "logs:TagResource", "logs:CreateLogStream", "logs:PutLogEvents"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    return synthesize(tmp_path_factory.mktemp("serverless"), root, CONFIGS)


def serving_of(made: Synth, model: str, key: str) -> dict[str, Any]:
    """What the hand-off is told, as it will read it."""
    told = one(made.model(model), "Custom::LadleRelease")["Properties"]["Serving"]
    found: dict[str, Any] = json.loads(text(told[key]))
    return found


@pytest.mark.parametrize("model", CONFIGS)
def test_its_plan_is_its_template(made: Synth, model: str) -> None:
    found, template = planned.resources(made.specs[model]), made.model(model)
    types = Counter(r["Type"] for r in template["Resources"].values())
    assert Counter(r.type for r in found) == types
    names_ = {(r.type, r.name) for r in found if r.name is not None}
    assert names_ <= {(r["Type"], plan._name(r)) for r in template["Resources"].values()}
    held = {role.holder: role.grants for role in permissions.of_model(made.specs[model])}
    assert plan._ids(template, "AWS::IAM::Role") == {realtime.ROLES[holder] for holder in held}
    for holder, grants in held.items():
        granted = [plan._granted(s) for s in plan._role(template, realtime.ROLES[holder])]
        assert [plan._planned(grant) for grant in grants] == granted


@pytest.mark.parametrize("holder", ADAPTERS)
def test_a_role_may_do_what_its_code_does_and_nothing_else(made: Synth, holder: str) -> None:
    files, never = ADAPTERS[holder]
    held = {role.holder: role.grants for role in permissions.of_model(made.specs["plain"])}
    allowed = {
        action
        for grant in held[holder]
        for action in api_calls.allowed(grant)
        if action.partition(":")[0] in SERVICES
    }
    folder = package_roots()["ladle"] / "aws"
    calls = {a for file in files for a in called((folder / file).read_text(), SERVICES)}
    assert calls - never == allowed - AROUND
    assert never <= calls, "an exception that is none"


def called(source: str, services: tuple[str, ...]) -> Iterator[str]:
    known = tuple(service for service in services if service != "apigateway")
    yield from realtime.called(source, known)
    yield from api_calls.called(source, list(realtime.code._methods(ast.parse(source))))


def test_no_template_says_which_release_answers(made: Synth) -> None:
    for model in CONFIGS:
        template = made.model(model)
        stage = one(template, "AWS::ApiGateway::Stage")["Properties"]
        assert stage["Variables"] == {"model": model}
        assert "CanarySetting" not in stage
        assert not any(
            r["Type"].startswith("AWS::SageMaker") for r in template["Resources"].values()
        )


def test_its_door_asks_whichever_endpoint_the_stage_names_and_may_ask_no_other_models(
    made: Synth,
) -> None:
    template = made.model("plain")
    paths = one(template, "AWS::ApiGateway::RestApi")["Properties"]["Body"]["paths"]
    integration = paths["/predict"]["post"]["x-amazon-apigateway-integration"]
    asked = "path/endpoints/ladle-plain--${!stageVariables.release}/invocations"
    assert text(integration["uri"]).endswith(asked)
    [statement] = plan._role(template, "DoorRole")
    assert text(statement["Resource"]).endswith(":endpoint/ladle-plain--*")


def test_it_has_the_memory_of_whole_gigabytes_and_its_ceiling(made: Synth) -> None:
    sizes = {model: serving_of(made, model, "Variant")["ServerlessConfig"] for model in CONFIGS}
    assert sizes == {
        "plain": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
        "wide": {"MemorySizeInMB": 3072, "MaxConcurrency": 10},
    }


def test_its_container_fetches_its_model_by_version_and_its_secrets(made: Synth) -> None:
    """SageMaker brings no model to a serverless endpoint, and takes none with network isolation."""
    model = serving_of(made, "wide", "Model")
    assert model.keys() == {"ExecutionRoleArn", "PrimaryContainer"}
    environment = model["PrimaryContainer"]["Environment"]
    assert environment["LADLE_BUNDLE_VERSION"] == "${Bundle.VersionId}"
    assert json.loads(environment["LADLE_SECRETS"]).keys() == {"TOKEN", "HOST"}


def test_a_release_is_handed_over_once_its_door_stands(made: Synth) -> None:
    before = waits_for(made.model("plain"), "Release")
    assert {"DoorStage", "Bundle", "EvidenceAlarm"} <= before


def test_its_logs_are_the_hand_offs_to_make(made: Synth) -> None:
    template = made.model("plain")
    groups = resources(template, "AWS::Logs::LogGroup").values()
    assert not any(
        g["Properties"]["LogGroupName"].startswith(names.endpoint_log_group("plain"))
        for g in groups
    )
    told = one(template, "Custom::LadleRelease")["Properties"]["Serving"]
    assert told["LogDays"] == "30"
    assert text(told["LinesTo"]).endswith(":function:ladle-collector")
