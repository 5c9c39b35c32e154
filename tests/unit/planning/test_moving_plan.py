"""While a model moves its plan says what stays, what that costs, and how it goes back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.planning.specs import spec_of

from ladle.catalog import Target
from ladle.planning import permissions
from ladle.planning.cost import MONTH_S, cost
from ladle.planning.left_costs import left_costs
from ladle.planning.moving import stays
from ladle.planning.plan import Change, ModelPlan
from ladle.planning.prices import prices
from ladle.planning.recovery import blast_radius, recovery
from ladle.planning.service_spec import Left, ServiceSpec
from ladle.planning.usage import Usage
from ladle.policy.lock import Home

USAGE = Usage(requests_per_s=1.0, answer_ms=10.0, peak_per_s=5.0)
FUNCTION = {
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {"MemorySize": 1024, "Architectures": ["arm64"]},
    },
    "Handoff": {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 512}},
    "ServingRole5B050139": {"Type": "AWS::IAM::Role"},
    "HandoffRole8429AF93": {"Type": "AWS::IAM::Role"},
    "PredictRoute0": {"Type": "AWS::ApiGatewayV2::Route"},
    "IdleAlarm": {"Type": "AWS::CloudWatch::Alarm"},
    "Release": {"Type": "Custom::LadleRelease"},
}
TASK = {
    "cpu": "1024",
    "memory": "2048",
    "runtimePlatform": {"cpuArchitecture": "X86_64"},
    "executionRoleArn": "",
}


def tasks(least: int = 2) -> dict[str, Any]:
    before, _, after = json.dumps(TASK).partition('""')
    filled = {"Fn::Join": ["", [before + '"', {"Ref": "ExecutionRole"}, '"' + after]]}
    serving = {"TaskDefinition": filled, "Service": json.dumps({"min": least})}
    return {
        "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"},
        "EndpointLogs": {
            "Type": "AWS::EC2::VPCEndpoint",
            "Properties": {"SubnetIds": ["a", "b"]},
        },
        "EndpointS3": {"Type": "AWS::EC2::VPCEndpoint"},
        "Release": {
            "Type": "Custom::LadleRelease",
            "Properties": {"Serving": serving},
        },
    }


def moving(target: Target, resources: dict[str, Any], text: str = "") -> ServiceSpec:
    spec = spec_of(f"name: fraud\nmodel: model.onnx\ntype: classification\n{text}")
    return replace(spec, base=7, left=Left(Home(target), resources))


def costs(spec: ServiceSpec) -> dict[str, float]:
    found = left_costs(spec, MONTH_S, prices())
    return {what.partition(":")[0]: round(usd, 2) for what, usd in found}


def plan(spec: ServiceSpec, goes_back_to: int | None) -> ModelPlan:
    return ModelPlan(spec, Change.NEW_RELEASE, "it moves", goes_back_to=goes_back_to)


def test_what_only_the_old_home_has_stays() -> None:
    assert set(stays(moving(Target.LAMBDA, FUNCTION))) == {
        "Function",
        "ServingRole5B050139",
        "IdleAlarm",
    }


def test_what_both_configs_ask_for_is_described_anew() -> None:
    told = "notify: ['mailto:ada@example.com']\ncost: {idle_ttl: 24h}\n"
    assert "IdleAlarm" not in stays(moving(Target.LAMBDA, FUNCTION, told))


def test_a_model_that_stays_where_it_is_leaves_nothing() -> None:
    spec = spec_of()
    assert stays(spec) == {}
    assert list(left_costs(spec, MONTH_S, prices())) == []


def test_tasks_and_what_stands_before_them_cost_until_the_move_is_finished() -> None:
    of = prices().of
    assert costs(moving(Target.ECS, tasks())) == {
        "the load balancer": round(of("balancer_hour", 730), 2),
        "endpoints of its network": round(of("endpoint_hour", 2 * 730), 2),
        "vCPUs of tasks, at least 2": round(of("fargate_vcpu_hour_x86_64", 2 * 730), 2),
        "memory of tasks, at least 2": round(of("fargate_gb_hour_x86_64", 2 * 2 * 730), 2),
    }


def test_so_do_machines_their_disks_and_what_is_measured_of_them() -> None:
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 100}}
    data = {"InstanceType": "g4dn.xlarge", "BlockDeviceMappings": [disk]}
    template = {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data}}
    found = costs(moving(Target.ECS, tasks() | {"Machine": template}))
    assert found["2 g4dn.xlarge machines"] == round(2 * 730 * 0.526, 2)
    assert found["their disks"] == 2 * 100 * 0.08
    assert found["their metrics"] == 2 * 7 * 0.30


def test_a_function_that_nobody_asks_costs_what_it_keeps_warm() -> None:
    bare = {k: r for k, r in FUNCTION.items() if k != "IdleAlarm"}
    assert costs(moving(Target.LAMBDA, bare)) == {}
    kept = {"Type": "Custom::LadleRelease", "Properties": {"Serving": {"Warm": "2"}}}
    warm = costs(moving(Target.LAMBDA, bare | {"Release": kept}))
    usd = prices().of("lambda_warm_gb_second_arm64", 2 * MONTH_S)
    assert warm == {"2 warm instances": round(usd, 2)}


def machines(type_: str = "ml.m5.large", least: int = 2) -> dict[str, Any]:
    serving = {"Variant": json.dumps({"InstanceType": type_}), "MinInstances": str(least)}
    return {
        "EndpointKey": {"Type": "AWS::KMS::Key"},
        "Release": {"Type": "Custom::LadleRelease", "Properties": {"Serving": serving}},
    }


def test_an_endpoints_machines_and_their_key_cost_until_the_move_is_finished() -> None:
    of = prices().of
    assert costs(moving(Target.SAGEMAKER, machines())) == {
        "the key of its disks": round(of("key_month", 1), 2),
        "machines of type ml.m5.large, at least 2": round(
            of("machine_hour_ml.m5.large", 2 * 730), 2
        ),
        "their disks": 2 * 30 * 0.14,
    }


def test_of_a_serverless_endpoint_only_answers_are_paid_for() -> None:
    variant = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}
    serving = {"Variant": json.dumps(variant)}
    released = {"Type": "Custom::LadleRelease", "Properties": {"Serving": serving}}
    assert costs(moving(Target.SAGEMAKER_SERVERLESS, {"Release": released})) == {}


def test_a_machine_without_a_known_price_is_named() -> None:
    machine = {"LaunchTemplateData": {"InstanceType": "p5.48xlarge"}}
    resources = tasks() | {"Machine": {"Type": "AWS::EC2::LaunchTemplate", "Properties": machine}}
    assert (
        costs(moving(Target.ECS, resources))[
            "2 p5.48xlarge machines, whose price is not known here"
        ]
        == 0.0
    )


def test_what_is_left_is_part_of_each_sum() -> None:
    spec = moving(Target.ECS, tasks())
    alone, both = cost(spec_of(), USAGE, prices()), cost(spec, USAGE, prices())
    left = sum(usd for _, usd in left_costs(spec, MONTH_S, prices()))
    assert both.idle.serving - alone.idle.serving == pytest.approx(left)
    assert both.expected.serving - alone.expected.serving == pytest.approx(left)
    assert both.per_million.serving == pytest.approx(alone.per_million.serving)


def test_a_release_of_the_home_that_is_left_is_one_write_of_the_door_away() -> None:
    spec = moving(Target.ECS, tasks())
    to_left, to_new = (next(recovery(plan(spec, number))) for number in (7, 8))
    assert to_left.startswith("to release 7 by one write of the door")
    assert to_new.startswith("to release 8 by one write of the alias")
    assert list(recovery(plan(spec, 7)))[-1].endswith("ladle migrate fraud --undo")


def test_no_door_splits_requests_between_two_homes() -> None:
    spec = moving(Target.ECS, tasks())
    assert next(blast_radius(plan(spec, 7), USAGE)).startswith("every request meets it at once")
    assert next(blast_radius(plan(spec, 8), USAGE)).startswith("10% of requests")


def test_only_a_moving_models_router_may_lead_its_door() -> None:
    def led(spec: ServiceSpec) -> bool:
        return any("apigateway:PATCH" in grant.actions for grant in permissions.router(spec))

    spec = moving(Target.ECS, tasks())
    assert led(spec)
    assert not led(replace(spec, left=None))


def test_what_the_hand_off_may_in_a_home_that_comes_or_goes_stands_apart_from_its_role() -> None:
    spec = moving(Target.ECS, tasks())
    assert set(permissions.of_homes(spec)) == {0, 7}
    assert set(permissions.of_homes(replace(spec, left=None))) == {7}
    assert permissions.of_homes(spec_of()) == {}
    in_role = {action for grant in permissions.handoff(spec) for action in grant.actions}
    assert not {"lambda:PublishVersion", "ecs:CreateService"} & in_role
