"""A model on SageMaker: what its plan foretells is what its stack holds, and its roles may what their code does."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from tests.synth import test_grants_match_code as code
from tests.synth import test_plan_is_right as plan
from tests.synth.repository import MODEL, Synth, one, resources, synthesize, text, waits_for

from ladle import names
from ladle.planning import permissions
from ladle.planning import resources as planned
from ladle.project.accelerators import accelerator
from ladle.project.function_code import package_roots

CONFIGS = {
    "plain": MODEL + "target: sagemaker\n",
    "wide": MODEL
    + "target: sagemaker\ndoor: {auth: api_key}\n"
    + "compute: {gpu: 1, min_instances: 2, max_instances: 5}\n"
    + "network: {vpc: vpc-0abc, subnets: [subnet-0abc], security_groups: [sg-0abc]}\n",
}
ROLES = plan.ROLES | {"door": "DoorRole"}
# Adapters of a role, and what they can but the role's function never does.
ADAPTERS = {
    "hand-off": (
        [
            "versions/sagemaker.py",
            "release_models.py",
            "sagemaker_endpoint.py",
            "variant_scaling.py",
        ],
        {
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:RegisterScalableTarget",
            "sagemaker:ListTags",
        },
    ),
    "router": (
        [
            "traffic/sagemaker.py",
            "sagemaker_endpoint.py",
            "variant_scaling.py",
        ],
        set[str](),
    ),
}
SERVICES = ("sagemaker", "application-autoscaling")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    return synthesize(tmp_path_factory.mktemp("sagemaker"), root, CONFIGS)


def serving_of(made: Synth, model: str) -> dict[str, Any]:
    """What the hand-off is told, as it will read it."""
    told = one(made.model(model), "Custom::LadleRelease")["Properties"]["Serving"]
    return {key: json.loads(text(value)) for key, value in told.items() if key != "PerMinute"}


@pytest.mark.parametrize("model", CONFIGS)
def test_its_list_of_resources_is_the_templates(made: Synth, model: str) -> None:
    found, template = planned.resources(made.specs[model]), made.model(model)
    types = Counter(r["Type"] for r in template["Resources"].values())
    assert Counter(r.type for r in found) == types
    assert set(types) <= set(planned.CALLED)
    names_ = {(r.type, r.name) for r in found if r.name is not None}
    assert names_ <= {(r["Type"], plan._name(r)) for r in template["Resources"].values()}


@pytest.mark.parametrize("model", CONFIGS)
def test_its_sentences_are_the_templates_policies(made: Synth, model: str) -> None:
    template = made.model(model)
    held = {role.holder: role.grants for role in permissions.of_model(made.specs[model])}
    assert set(held) == set(ROLES)
    assert plan._ids(template, "AWS::IAM::Role") == set(ROLES.values())
    for holder, id_ in ROLES.items():
        granted = [plan._granted(s) for s in plan._role(template, id_)]
        assert [plan._planned(grant) for grant in held[holder]] == granted


@pytest.mark.parametrize("holder", ADAPTERS)
def test_a_role_may_do_what_its_code_does_and_nothing_else(made: Synth, holder: str) -> None:
    files, never = ADAPTERS[holder]
    held = {role.holder: role.grants for role in permissions.of_model(made.specs["plain"])}
    allowed = {
        action
        for grant in held[holder]
        for action in grant.actions
        if action.partition(":")[0] in SERVICES
    }
    folder = package_roots()["ladle"] / "aws"
    calls = {a for file in files for a in called((folder / file).read_text(), SERVICES)}
    assert calls - never == allowed
    assert never <= calls, "an exception that is none"


def called(source: str, services: tuple[str, ...]) -> Iterator[str]:
    """IAM actions of every call to these services."""
    for service in services:
        known, methods = _operations(service), code._methods(ast.parse(source))
        yield from (f"{service}:{known[method]}" for method in methods if method in known)


@cache
def _operations(service: str) -> dict[str, str]:
    model = botocore.session.Session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def test_no_template_holds_an_endpoint_a_variant_or_a_weight(made: Synth) -> None:
    for model in CONFIGS:
        template = made.model(model)
        assert not any(
            r["Type"].startswith("AWS::SageMaker") for r in template["Resources"].values()
        )


def test_the_container_has_no_network_and_is_brought_its_model(made: Synth) -> None:
    model = serving_of(made, "plain")["Model"]
    assert model["EnableNetworkIsolation"] is True
    source = model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    spec = made.specs["plain"]
    folder = names.bundle_key("plain", spec.release_digest.removeprefix("sha256:"), "")
    assert source["S3Uri"].endswith(f"/{folder}")
    assert (source["S3DataType"], source["CompressionType"]) == ("S3Prefix", "None")
    environment = model["PrimaryContainer"]["Environment"]
    assert environment["LADLE_MODEL_FILE"] == "/opt/ml/model/model.onnx"
    assert environment["LADLE_BUNDLE_SHA256"] == "${Bundle.Sha256}"


def test_disks_are_encrypted_with_a_key_of_the_models_own(made: Synth) -> None:
    for model in CONFIGS:
        assert serving_of(made, model)["Config"] == {"KmsKeyId": "${EndpointKey.Arn}"}
        assert one(made.model(model), "AWS::KMS::Key")["Properties"]["EnableKeyRotation"] is True


def test_a_gpu_gets_a_machine_whose_driver_runs_its_cuda(made: Synth) -> None:
    variant = serving_of(made, "wide")["Variant"]
    assert variant["InstanceType"] == "ml.g4dn.xlarge"
    assert variant["InitialInstanceCount"] == 2
    assert variant["InferenceAmiVersion"] == accelerator().sagemaker_ami
    assert "InferenceAmiVersion" not in serving_of(made, "plain")["Variant"]


def test_a_network_that_is_named_is_the_containers(made: Synth) -> None:
    assert serving_of(made, "wide")["Model"]["VpcConfig"] == {
        "SecurityGroupIds": ["sg-0abc"],
        "Subnets": ["subnet-0abc"],
    }


def test_a_release_is_handed_over_after_all_that_it_needs(made: Synth) -> None:
    template = made.model("plain")
    before = waits_for(template, "Release")
    assert {"EndpointKey", "LinesToCollector", "Bundle", "EvidenceAlarm"} <= before
    assert any(name.startswith("ServingRole") for name in before)


def test_its_log_is_the_one_that_sagemaker_writes_and_reaches_the_collector(made: Synth) -> None:
    template = made.model("plain")
    groups = [r["Properties"] for r in resources(template, "AWS::Logs::LogGroup").values()]
    group = next(g for g in groups if g["LogGroupName"].startswith("/aws/sagemaker/"))
    assert group["RetentionInDays"] == 30
    assert names.model_of_log_group(group["LogGroupName"]) == "plain"
    allowed = made.platform()["Resources"]["CollectorByEndpoints"]["Properties"]["SourceArn"]
    assert text(allowed).endswith(":log-group:/aws/sagemaker/Endpoints/ladle-*")


def test_its_door_asks_the_endpoint_itself(made: Synth) -> None:
    paths = one(made.model("plain"), "AWS::ApiGateway::RestApi")["Properties"]["Body"]["paths"]
    assert set(paths) == {"/predict", "/invocations", "/feedback"}
    integration = paths["/predict"]["post"]["x-amazon-apigateway-integration"]
    assert text(integration["uri"]).endswith("path/endpoints/ladle-plain/invocations")
