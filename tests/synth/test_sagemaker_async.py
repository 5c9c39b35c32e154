"""A model that answers later: its plan is its stack's, and the function behind its door may do what its code does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.synth import api_calls
from tests.synth import test_plan_is_right as plan
from tests.synth import test_sagemaker as realtime
from tests.synth import test_sagemaker_serverless as serverless
from tests.synth.repository import MODEL, Synth, one, synthesize, text

from ladle import names
from ladle.planning import permissions
from ladle.planning import resources as planned
from ladle.project.function_code import package_roots

CONFIGS = {
    "plain": MODEL + "target: sagemaker-async\n",
    "wide": MODEL
    + "target: sagemaker-async\ndoor: {auth: api_key}\n"
    + "compute: {gpu: 1, min_instances: 1, max_instances: 3, timeout_s: 600}\n"
    + "network: {vpc: vpc-0abc, subnets: [subnet-0abc], security_groups: [sg-0abc]}\n",
}
ROLES = plan.ROLES | {"asking": "AsksRole"}
# Adapters of a role, and what they can but the role's function never does.
ADAPTERS = {
    "hand-off": (
        [*serverless.ADAPTERS["hand-off"][0], "backlog.py"],
        {
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:RegisterScalableTarget",
        },
    ),
    "router": (
        [*serverless.ADAPTERS["router"][0], "backlog.py"],
        {"sagemaker:DeleteEndpointConfig"},
    ),
}
SERVICES = ("sagemaker", "logs", "apigateway", "application-autoscaling")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    return synthesize(tmp_path_factory.mktemp("async"), root, CONFIGS)


@pytest.mark.parametrize("model", CONFIGS)
def test_its_plan_is_its_template(made: Synth, model: str) -> None:
    found, template = planned.resources(made.specs[model]), made.model(model)
    types = Counter(r["Type"] for r in template["Resources"].values())
    assert Counter(r.type for r in found) == types
    named = {(r.type, r.name) for r in found if r.name is not None}
    assert named <= {(r["Type"], plan._name(r)) for r in template["Resources"].values()}
    held = {role.holder: role.grants for role in permissions.of_model(made.specs[model])}
    assert plan._ids(template, "AWS::IAM::Role") == {ROLES[holder] for holder in held}
    for holder, grants in held.items():
        granted = [plan._granted(s) for s in plan._role(template, ROLES[holder])]
        assert [plan._planned(grant) for grant in grants] == granted


# Application Auto Scaling tries whether its caller may: the router itself calls it nowhere. See
# docs.aws.amazon.com/autoscaling/application/userguide/security_iam_permission_validation.html
TRIED = {"sagemaker:UpdateEndpointWeightsAndCapacities"}


@pytest.mark.parametrize("holder", ADAPTERS)
def test_a_role_may_do_what_its_code_does_and_nothing_else(made: Synth, holder: str) -> None:
    files, never = ADAPTERS[holder]
    folder = package_roots()["ladle"] / "aws"
    sources = [(folder / file).read_text() for file in files]
    called = {action for source in sources for action in serverless.called(source, SERVICES)}
    assert called - never == allowed(made, holder) - serverless.AROUND - TRIED
    assert never <= called, "an exception that is none"


def test_who_asks_for_scaling_may_what_scaling_does_and_no_alarm_by_itself(made: Synth) -> None:
    assert allowed(made, "router") >= TRIED
    template = made.model("plain")
    wide = [
        s for s in plan._role(template, ROLES["router"]) if "DescribeAlarms" in str(s["Action"])
    ]
    assert [s["Condition"] for s in wide] == [{"Bool": {"aws:ViaAWSService": "true"}}]


def allowed(made: Synth, holder: str) -> set[str]:
    held = {role.holder: role.grants for role in permissions.of_model(made.specs["plain"])}
    actions = {action for grant in held[holder] for action in api_calls.allowed(grant)}
    return {action for action in actions if action.partition(":")[0] in SERVICES}


def test_the_function_behind_the_door_asks_this_models_endpoints_and_reads_its_own_jobs(
    made: Synth,
) -> None:
    template = made.model("plain")
    source = (package_roots()["ladle"] / "aws" / "async_jobs.py").read_text()
    calls = set(realtime.called(source, ("sagemaker-runtime", "s3")))
    assert calls == {"sagemaker-runtime:InvokeEndpointAsync", "s3:GetObject", "s3:PutObject"}
    statements = plan._role(template, "AsksRole")
    reached = {text(r) for s in statements for r in plan.as_list(s["Resource"])}
    assert {r.partition(":::")[2] or r.rpartition(":")[2] for r in reached} == {
        "ladle-store-${AWS::AccountId}-${AWS::Region}/async/plain/*",
        "ladle-store-${AWS::AccountId}-${AWS::Region}",
        "endpoint/ladle-plain--*",
        "*",  # of its own log
    }


def test_a_job_may_take_as_long_as_its_config_says(made: Synth) -> None:
    stage = one(made.model("wide"), "AWS::ApiGateway::Stage")["Properties"]
    assert stage["Variables"] == {"model": "wide", "timeout": "600"}
    assert one(made.model("wide"), "AWS::Lambda::Permission")


def test_its_door_takes_requests_and_hands_answers_out(made: Synth) -> None:
    paths = one(made.model("plain"), "AWS::ApiGateway::RestApi")["Properties"]["Body"]["paths"]
    assert {path: set(methods) for path, methods in paths.items()} == {
        "/predict": {"post"},
        "/invocations": {"post"},
        "/predictions/{id}": {"get"},
        "/feedback": {"post"},
    }
    [told] = paths["/predictions/{id}"]["get"]["parameters"]
    assert (told["name"], told["in"]) == ("id", "path")


def test_answers_go_to_the_models_own_folder_of_the_store(made: Synth) -> None:
    config = serverless.serving_of(made, "plain", "Config")
    assert config["KmsKeyId"] == "${EndpointKey.Arn}"
    folder = "s3://ladle-store-${AWS::AccountId}-${AWS::Region}/async/plain"
    assert config["AsyncInferenceConfig"] == {
        "OutputConfig": {"S3OutputPath": f"{folder}/out/", "S3FailurePath": f"{folder}/failed/"},
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 1},
    }


def test_it_starts_with_a_machine_and_may_have_none_afterwards(made: Synth) -> None:
    def told(model: str) -> Any:
        tags = serverless.serving_of(made, model, "Tags")
        return tags[names.MIN_INSTANCES_TAG], tags[names.MAX_INSTANCES_TAG]

    assert serverless.serving_of(made, "plain", "Variant")["InitialInstanceCount"] == 1
    assert (told("plain"), told("wide")) == (("0", "1"), ("1", "3"))


def test_its_container_has_no_network(made: Synth) -> None:
    model = serverless.serving_of(made, "wide", "Model")
    assert model["EnableNetworkIsolation"] is True
    assert model["VpcConfig"]["Subnets"] == ["subnet-0abc"]


def test_what_was_asked_and_answered_is_forgotten_after_a_week(made: Synth) -> None:
    store = one(made.platform(), "AWS::S3::Bucket")["Properties"]
    rules = {rule["Id"]: rule for rule in store["LifecycleConfiguration"]["Rules"]}
    assert rules["forget-answers"]["Prefix"] == "async/"
    assert rules["forget-answers"]["ExpirationInDays"] == names.ANSWERS_KEPT_DAYS
