"""What tasks run on: Fargate, or machines with a GPU that come and go with the tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from ladle import names
from ladle.planning import permissions
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets.ecs import fleet
from ladle.targets.ecs import DISK_GB, Fleet, machine_for
from ladle_stacks import grants
from ladle_stacks.targets.ecs_network import Place

FARGATE, FARGATE_SPOT = "FARGATE", "FARGATE_SPOT"
# Resolved at each deploy: a new image reaches machines with the next one, and never behind one's back.
GPU_IMAGE = (
    "{{resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id}}"
)
Strategy = Sequence[Mapping[str, Any]]


def capacity(scope: Construct, spec: ServiceSpec, where: Place) -> tuple[cdk.CfnResource, Strategy]:
    """The cluster once it may use them, and how a service shares its tasks out between them."""
    cluster = ecs.CfnCluster(
        scope,
        "Cluster",
        cluster_name=names.cluster(spec.model),
        cluster_settings=[
            ecs.CfnCluster.ClusterSettingsProperty(name="containerInsights", value="disabled")
        ],
    )
    strategy = tuple(_strategy(scope, spec, where, cluster))
    used = ecs.CfnClusterCapacityProviderAssociations(
        scope,
        "Capacity",
        cluster=cluster.ref,
        capacity_providers=[row["capacityProvider"] for row in strategy],
        default_capacity_provider_strategy=[],
    )
    return used, strategy


def _strategy(
    scope: Construct, spec: ServiceSpec, where: Place, cluster: ecs.CfnCluster
) -> Iterator[Mapping[str, Any]]:
    least = fleet(spec).least
    if spec.compute.gpu:
        machines = _machines(scope, spec, where)
        machines.add_resource_dependency(cluster)  # their agents look for it by its name
        yield {"capacityProvider": machines.ref, "base": 0, "weight": 1}
    elif spec.compute.spot:
        yield {"capacityProvider": FARGATE, "base": least, "weight": 0}
        yield {"capacityProvider": FARGATE_SPOT, "base": 0, "weight": 1}
    else:
        yield {"capacityProvider": FARGATE, "base": 0, "weight": 1}


def _machines(scope: Construct, spec: ServiceSpec, where: Place) -> ecs.CfnCapacityProvider:
    sizes, template = fleet(spec), _launch_template(scope, spec, where)
    version = template.attr_latest_version_number
    group = autoscaling.CfnAutoScalingGroup(
        scope,
        "Machines",
        min_size="0",
        max_size=str(3 * sizes.most),  # stable, candidate, and those that leave
        vpc_zone_identifier=list(where.subnets),
        tags=[
            autoscaling.CfnAutoScalingGroup.TagPropertyProperty(
                key=key, value=value, propagate_at_launch=True
            )
            for key, value in (("AmazonECSManaged", "true"), ("Name", names.cluster(spec.model)))
        ],
        **_kinds(spec, sizes, template.ref, version),
    )
    scaling = ecs.CfnCapacityProvider.ManagedScalingProperty(
        status="ENABLED",
        target_capacity=100,
        minimum_scaling_step_size=1,
        instance_warmup_period=60,
    )
    return ecs.CfnCapacityProvider(
        scope,
        "MachineCapacity",
        auto_scaling_group_provider=ecs.CfnCapacityProvider.AutoScalingGroupProviderProperty(
            auto_scaling_group_arn=group.ref,
            managed_draining="ENABLED",
            managed_scaling=scaling,
            managed_termination_protection="DISABLED",
        ),
    )


def _kinds(spec: ServiceSpec, sizes: Fleet, template: str, version: str) -> dict[str, Any]:
    """On demand; or, where spare capacity will do, that above a base on demand of both arms."""
    group = autoscaling.CfnAutoScalingGroup
    specification = group.LaunchTemplateSpecificationProperty(
        launch_template_id=template, version=version
    )
    if not spec.compute.spot:
        return {"launch_template": specification}
    return {
        "mixed_instances_policy": group.MixedInstancesPolicyProperty(
            instances_distribution=group.InstancesDistributionProperty(
                on_demand_base_capacity=sizes.least,
                on_demand_percentage_above_base_capacity=0,
                spot_allocation_strategy="price-capacity-optimized",
            ),
            launch_template=group.LaunchTemplateProperty(
                launch_template_specification=specification
            ),
        )
    }


def _launch_template(scope: Construct, spec: ServiceSpec, where: Place) -> ec2.CfnLaunchTemplate:
    profile = iam.CfnInstanceProfile(
        scope, "MachineProfile", roles=[_machine_role(scope, spec).role_name]
    )
    template = ec2.CfnLaunchTemplate
    disk = template.EbsProperty(
        encrypted=True, volume_size=DISK_GB, volume_type="gp3", delete_on_termination=True
    )
    return template(
        scope,
        "Machine",
        launch_template_data=template.LaunchTemplateDataProperty(
            image_id=GPU_IMAGE,
            instance_type=machine_for(spec.compute.gpu, spec.compute.instance_type),
            iam_instance_profile=template.IamInstanceProfileProperty(arn=profile.attr_arn),
            security_group_ids=[where.machines] if where.machines else None,
            metadata_options=template.MetadataOptionsProperty(
                http_tokens="required", http_put_response_hop_limit=1
            ),
            monitoring=template.MonitoringProperty(enabled=True),
            block_device_mappings=[
                template.BlockDeviceMappingProperty(device_name="/dev/xvda", ebs=disk)
            ],
            user_data=cdk.Fn.base64(_user_data(spec.model)),
        ),
    )


def _user_data(model: str) -> str:
    """Tasks see neither the machine's role nor a neighbour; one that is taken away drains first."""
    settings = {
        "ECS_CLUSTER": names.cluster(model),
        "ECS_AWSVPC_BLOCK_IMDS": "true",
        "ECS_ENABLE_GPU_SUPPORT": "true",
        "ECS_ENABLE_SPOT_INSTANCE_DRAINING": "true",
        "ECS_CONTAINER_STOP_TIMEOUT": "30s",
    }
    lines = (f"echo {name}={value} >> /etc/ecs/ecs.config" for name, value in settings.items())
    return "\n".join(["#!/bin/sh", *lines, ""])


def _machine_role(scope: Construct, spec: ServiceSpec) -> iam.Role:
    [granted] = (r.grants for r in permissions.of_model(spec) if r.holder == "machine")
    return grants.named_role(
        scope, "Machine", names.machine_role(spec.model), "ec2.amazonaws.com", granted
    )
