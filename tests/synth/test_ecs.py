"""A model on ECS: what its plan foretells is what its stack holds, and nothing of it is in public."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from tests.synth import test_grants_match_code as code
from tests.synth import test_plan_is_right as plan
from tests.synth.repository import (
    MODEL,
    NETWORK,
    MakeSynth,
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
from ladle.targets.ecs import DISK_GB

ON_ECS = MODEL + "target: ecs\n"
CONFIGS = {
    "fargate": ON_ECS,
    "spare": ON_ECS + "compute: {spot: true, min_instances: 2}\n" + NETWORK,
    "machines": ON_ECS + "compute: {gpu: 1}\n",
    "mixed": ON_ECS + "compute: {gpu: 1, spot: true, max_instances: 5}\n" + NETWORK + code.STOPS,
}
ROLES = plan.ROLES | {"execution": "ExecutionRole", "machine": "MachineRole"}
# Files of a role's code, and what they can but the role's function never does.
ADAPTERS = {
    "hand-off": (
        ["versions/ecs.py", "versions/ecs_service.py", "ecs_slots.py"],
        {"application-autoscaling:TagResource"},  # called so, and meant for services
    ),
    "router": (["traffic/ecs.py", "ecs_slots.py"], set[str]()),
}
SERVICES = {
    "ecs": "ecs",
    "elbv2": "elasticloadbalancing",
    "application-autoscaling": "application-autoscaling",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    return synthesize(tmp_path_factory.mktemp("ecs"), root, CONFIGS)


def told(made: Synth, model: str) -> dict[str, Any]:
    """What the hand-off is told, as it will read it."""
    serving = one(made.model(model), "Custom::LadleRelease")["Properties"]["Serving"]
    return {key: json.loads(text(value)) for key, value in serving.items()}


def container(made: Synth, model: str) -> Any:
    [only] = told(made, model)["TaskDefinition"]["containerDefinitions"]
    return only


@pytest.mark.parametrize("model", CONFIGS)
def test_disks_and_metrics_are_those_that_the_plan_counts(made: Synth, model: str) -> None:
    assert "ephemeralStorage" not in told(made, model)["TaskDefinition"]  # 20 GB cost nothing
    machines = resources(made.model(model), "AWS::EC2::LaunchTemplate").values()
    for data in (machine["Properties"]["LaunchTemplateData"] for machine in machines):
        [disk] = data["BlockDeviceMappings"]
        assert (disk["Ebs"]["VolumeSize"], disk["Ebs"]["VolumeType"]) == (DISK_GB, "gp3")
        assert data["Monitoring"]["Enabled"]


@pytest.mark.parametrize("model", CONFIGS)
def test_its_list_of_resources_is_the_templates(made: Synth, model: str) -> None:
    found, template = planned.resources(made.specs[model]), made.model(model)
    types = Counter(r["Type"] for r in template["Resources"].values())
    assert Counter(r.type for r in found) == types
    assert set(types) <= set(planned.CALLED)
    named = {
        (r["Type"], text(r["Properties"].get("ClusterName") or plan._name(r)))
        for r in template["Resources"].values()
    }
    assert {(r.type, r.name) for r in found if r.name is not None} <= named


@pytest.mark.parametrize("model", CONFIGS)
def test_its_sentences_are_the_templates_policies(made: Synth, model: str) -> None:
    template = made.model(model)
    held = {role.holder: role.grants for role in permissions.of_model(made.specs[model])}
    assert {ROLES[holder] for holder in held} == plan._ids(template, "AWS::IAM::Role")
    for holder, grants in held.items():
        granted = [plan._granted(s) for s in plan._role(template, ROLES[holder])]
        assert [plan._planned(grant) for grant in grants] == granted


@pytest.mark.parametrize("holder", ADAPTERS)
def test_a_role_may_do_what_its_code_does_and_nothing_else(made: Synth, holder: str) -> None:
    files, never = ADAPTERS[holder]
    [held] = (r for r in permissions.of_model(made.specs["fargate"]) if r.holder == holder)
    prefixes = tuple(f"{prefix}:" for prefix in SERVICES.values())
    allowed = {a for grant in held.grants for a in grant.actions if a.startswith(prefixes)}
    folder = package_roots()["ladle"] / "aws"
    called = {action for file in files for action in _called((folder / file).read_text())}
    assert called - never == allowed
    assert never <= called, "an exception that is none"


def _called(source: str) -> Iterator[str]:
    session = botocore.session.Session()
    for service, prefix in SERVICES.items():
        operations = session.get_service_model(service).operation_names
        known = {xform_name(name): name for name in operations}
        methods = code._methods(ast.parse(source))
        yield from (f"{prefix}:{known[method]}" for method in methods if method in known)


@pytest.mark.parametrize("model", CONFIGS)
def test_no_template_holds_a_service_a_task_or_a_weight(made: Synth, model: str) -> None:
    types = {r["Type"] for r in made.model(model)["Resources"].values()}
    assert not types & {
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
    }
    groups = told(made, model)["Service"]["target_groups"]
    assert list(groups) == list(names.SLOTS)


@pytest.mark.parametrize("model", CONFIGS)
def test_only_the_doors_link_reaches_the_balancer_and_only_it_the_tasks(
    made: Synth, model: str
) -> None:
    template = made.model(model)
    assert one(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")["Properties"]["Scheme"] == (
        "internal"
    )
    ways_in = {
        text(r["Properties"]["GroupId"]): text(r["Properties"]["SourceSecurityGroupId"])
        for r in resources(template, "AWS::EC2::SecurityGroupIngress").values()
        if not text(r["Properties"]["GroupId"]).startswith("${Endpoints")
    }
    assert ways_in == {
        "${BalancerGroup.GroupId}": "${LinkGroup.GroupId}",
        "${TasksGroup.GroupId}": "${BalancerGroup.GroupId}",
    }
    for group in resources(template, "AWS::EC2::SecurityGroup").values():
        [way_out] = group["Properties"]["SecurityGroupEgress"]
        assert "SecurityGroupIngress" not in group["Properties"]
        assert way_out["FromPort"] == way_out["ToPort"]


def test_a_network_of_its_own_has_no_way_to_the_internet(made: Synth) -> None:
    types = {r["Type"] for r in made.model("machines")["Resources"].values()}
    assert "AWS::EC2::VPC" in types
    assert not types & {"AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::Route"}
    services = {
        text(r["Properties"]["ServiceName"]).rpartition("${AWS::Region}.")[2]
        for r in resources(made.model("machines"), "AWS::EC2::VPCEndpoint").values()
    }
    agent = {"ecs", "ecs-agent", "ecs-telemetry"}
    assert services == {"s3", "ecr.api", "ecr.dkr", "logs"} | agent


def test_a_network_that_is_named_is_used_as_it_is(made: Synth) -> None:
    types = {r["Type"] for r in made.model("mixed")["Resources"].values()}
    assert not types & {"AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::VPCEndpoint"}
    service = told(made, "mixed")["Service"]
    assert service["subnets"] == ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]
    assert service["security_groups"] == ["${TasksGroup.GroupId}", "sg-0c1d2e3f"]


@pytest.mark.parametrize("model", CONFIGS)
def test_a_task_can_write_to_nothing_but_its_scratch_folder(made: Synth, model: str) -> None:
    runs = container(made, model)
    assert (runs["readonlyRootFilesystem"], runs["user"], runs["privileged"]) == (
        True,
        "993:990",
        False,
    )
    assert runs["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    assert runs["mountPoints"] == [
        {"sourceVolume": "scratch", "containerPath": "/tmp", "readOnly": False}
    ]


def test_a_task_is_told_where_it_is_and_where_its_model_lies(made: Synth) -> None:
    told_to = {v["name"]: v["value"] for v in container(made, "machines")["environment"]}
    assert told_to["AWS_REGION"] == "${AWS::Region}"
    assert told_to["LADLE_BUNDLE_SHA256"] == "${Bundle.Sha256}"
    assert "LADLE_RELEASE" not in told_to, "the hand-off alone knows the number"


def test_tasks_act_as_a_role_that_reads_its_own_models_only(made: Synth) -> None:
    held = {r.holder: r.grants for r in permissions.of_model(made.specs["fargate"])}
    [reads] = held["serving"]
    assert reads.sentence == "read release/fargate/* of the store"
    task = told(made, "fargate")["TaskDefinition"]
    assert task["taskRoleArn"] != task["executionRoleArn"]


def test_a_gpu_comes_with_its_machine_and_capacity_with_the_task(made: Synth) -> None:
    template = made.model("machines")
    machine = one(template, "AWS::EC2::LaunchTemplate")["Properties"]["LaunchTemplateData"]
    assert machine["InstanceType"] == "g4dn.xlarge"
    assert machine["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert [d["Ebs"]["Encrypted"] for d in machine["BlockDeviceMappings"]] == [True]
    assert machine["ImageId"].startswith("{{resolve:ssm:/aws/service/ecs/optimized-ami/")
    assert "gpu" in machine["ImageId"]
    assert container(made, "machines")["resourceRequirements"] == [{"type": "GPU", "value": "1"}]
    group = one(template, "AWS::AutoScaling::AutoScalingGroup")["Properties"]
    assert (group["MinSize"], group["MaxSize"]) == ("0", "12")


def test_spare_capacity_stands_on_a_base_on_demand(made: Synth) -> None:
    mixed = one(made.model("mixed"), "AWS::AutoScaling::AutoScalingGroup")["Properties"]
    assert mixed["MixedInstancesPolicy"]["InstancesDistribution"] == {
        "OnDemandBaseCapacity": 1,
        "OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized",
    }
    assert told(made, "spare")["Service"]["capacity"] == [
        {"capacityProvider": "FARGATE", "base": 2, "weight": 0},
        {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1},
    ]


def test_a_task_that_leaves_has_as_long_as_the_longest_request(made: Synth) -> None:
    for slot in resources(
        made.model("fargate"), "AWS::ElasticLoadBalancingV2::TargetGroup"
    ).values():
        has = {a["Key"]: a["Value"] for a in slot["Properties"]["TargetGroupAttributes"]}
        timeout_s = made.specs["fargate"].compute.timeout_s
        assert has["deregistration_delay.timeout_seconds"] == str(timeout_s)
        assert slot["Properties"]["HealthCheckPath"] == "/ping"


def test_slots_outlive_the_listener_and_the_door_comes_after_the_first_release(made: Synth) -> None:
    template = made.model("fargate")
    assert {"SlotA", "SlotB", "SlotC"} <= waits_for(template, "Listener")
    assert {"Listener", "Cluster", "Capacity", "RouterRole"} <= {
        name.rstrip("0123456789ABCDEF") if name.startswith("RouterRole") else name
        for name in waits_for(template, "Release")
    }


@pytest.mark.parametrize(
    ("change", "makes_one"),
    [
        ("compute: {memory_mb: 3008}", True),
        (NETWORK, True),
        ("compute: {spot: true, max_instances: 9}\ndoor: {rate_per_s: 10}", False),
    ],
)
def test_a_task_changes_if_and_only_if_a_change_can_change_an_answer(
    made: Synth, synth: MakeSynth, change: str, makes_one: bool
) -> None:
    after = synth(fargate=f"{ON_ECS}{change}\n")
    digests = {s.specs["fargate"].release_digest for s in (made, after)}
    assert (len(digests) == 2) == makes_one
    tasks = [told(s, "fargate")["TaskDefinition"] for s in (made, after)]
    assert (tasks[0] != tasks[1]) == makes_one


def test_silence_is_what_the_load_balancer_did_not_count(made: Synth) -> None:
    alarms = resources(made.model("mixed"), "AWS::CloudWatch::Alarm").values()
    [idle] = [a["Properties"] for a in alarms if a["Properties"]["AlarmName"].endswith("-idle")]
    assert (idle["Namespace"], idle["MetricName"]) == ("AWS/ApplicationELB", "RequestCount")
    [dimension] = idle["Dimensions"]
    assert dimension["Value"] == {"Fn::GetAtt": ["Balancer", "LoadBalancerFullName"]}
