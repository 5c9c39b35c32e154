"""A model on SageMaker: what an endpoint needs around it. The endpoint itself, its variants and their
weights are in no template: the hand-off makes the first, the controller moves the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from ladle import digest, names
from ladle.planning import permissions
from ladle.planning.permissions import Grants
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import serving_json
from ladle.planning.targets import sagemaker as planning
from ladle.project.accelerators import accelerator
from ladle_stacks import arns, grants
from ladle_stacks.doors.behind import Behind, ToFunction, ToService
from ladle_stacks.doors.front_door import front_door
from ladle_stacks.home import home_of, log_of
from ladle_stacks.host import Host
from ladle_stacks.invoking import invoking_function
from ladle_stacks.release_handoff import bundle_and_handoff, release
from ladle_stacks.serving_image import serving_image

MODEL_FOLDER = "/opt/ml/model"  # where SageMaker puts what it fetched for the container
DOWNLOAD_S, START_S = 600, 600  # before SageMaker gives up on a machine


def serve(scope: Construct, host: Host, spec: ServiceSpec) -> cdk.CfnResource:
    """Everything between the model's file and its address; returns the hand-over."""
    _, lines = log_of(scope, spec)
    handing = bundle_and_handoff(scope, host, spec)
    home = home_of(scope, spec)
    key = endpoint_key(home, spec)
    held = {role.holder: role.grants for role in permissions.of_model(spec)}
    serving = grants.named_role(
        home, "Serving", names.serving_role(spec.model, spec.base), SAGEMAKER, held["serving"]
    )
    asks = _asks(home, host, spec, held)
    image = serving_image(home, host, spec).image_uri
    wanted = _serving(scope, spec, image, serving.role_arn, handing.bundle, key)
    released = release(scope, handing, lines, spec, wanted)
    front_door(scope, spec, asks, released)
    return released


SAGEMAKER = "sagemaker.amazonaws.com"


def _asks(home: Construct, host: Host, spec: ServiceSpec, held: Mapping[str, Grants]) -> Behind:
    """What the door leads to: the endpoint by a role of its own, or a function that asks it."""
    if "invoking" in held:
        return ToFunction(invoking_function(home, host, spec).attr_arn)
    role_name = names.door_role(spec.model, spec.base)
    door = grants.named_role(home, "Door", role_name, "apigateway.amazonaws.com", held["door"])
    return ToService(_uri(spec), door.role_arn)


def endpoint_key(scope: Construct, spec: ServiceSpec) -> kms.CfnKey:
    """Roles of this stack use it by their own policies, which its policy lets the account decide."""
    made = kms.CfnKey(
        scope,
        "EndpointKey",
        description=f"Ladle: encrypts the disks of the machines that serve {spec.model}",
        key_policy=grants.own_key_policy(),
        enable_key_rotation=True,
        pending_window_in_days=7,
    )
    made.override_logical_id(planning.key_id(spec))
    return made


def _serving(
    scope: Construct,
    spec: ServiceSpec,
    image: str,
    role_arn: str,
    bundle: cdk.CfnCustomResource,
    key: kms.CfnKey,
) -> Mapping[str, str]:
    """What CreateModel, CreateEndpointConfig and scaling take; the hand-off adds names and number."""
    to_json = cdk.Stack.of(scope).to_json_string
    return {
        "Model": to_json(isolated_model(spec, image, role_arn, bundle)),
        "Variant": to_json(machine_variant(spec)),
        "Config": to_json({"KmsKeyId": key.attr_arn}),
        "Tags": to_json({**spec.tags, "ladle:model": spec.model}),
        "MinInstances": str(planning.least_instances(spec)),
        "MaxInstances": str(planning.most_instances(spec)),
        "PerMinute": str(planning.per_minute(spec)),
    }


def isolated_model(
    spec: ServiceSpec, image: str, role_arn: str, bundle: cdk.CfnCustomResource
) -> Mapping[str, Any]:
    """A container without a network: SageMaker itself fetches the image and the model."""
    folder = names.bundle_key(spec.model, digest.hex_of(spec.release_digest), "")
    source = {
        "S3Uri": f"s3://{arns.store_bucket_name()}/{folder}",
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
    }
    model = {
        "ExecutionRoleArn": role_arn,
        "EnableNetworkIsolation": True,
        "PrimaryContainer": {
            "Image": image,
            "ModelDataSource": {"S3DataSource": source},
            "Environment": _environment(spec, bundle),
        },
    }
    if not spec.network:
        return model
    groups, subnets = spec.network["security_groups"], spec.network["subnets"]
    return {**model, "VpcConfig": {"SecurityGroupIds": groups, "Subnets": subnets}}


def machine_variant(spec: ServiceSpec) -> Mapping[str, Any]:
    machine = {
        "InstanceType": planning.machine_of(spec),
        "InitialInstanceCount": planning.least_instances(spec),
        "InitialVariantWeight": 1.0,
        "ModelDataDownloadTimeoutInSeconds": DOWNLOAD_S,
        "ContainerStartupHealthCheckTimeoutInSeconds": START_S,
    }
    if spec.compute.gpu:
        return {**machine, "InferenceAmiVersion": accelerator().sagemaker_ami}
    return machine


def _environment(spec: ServiceSpec, bundle: cdk.CfnCustomResource) -> Mapping[str, str]:
    """docs/formats.md says what each is for. The team's own variables cannot replace Ladle's."""
    return {
        **spec.env,
        "LADLE_MODEL": spec.model,
        "LADLE_RELEASE_DIGEST": digest.hex_of(spec.release_digest),
        "LADLE_SPEC": serving_json(spec, planning.vcpus(spec)),
        "LADLE_MODEL_FILE": f"{MODEL_FOLDER}/{spec.source.file_name}",
        "LADLE_BUNDLE_SHA256": bundle.get_att("Sha256").to_string(),
        "LADLE_LOG_KEY": bundle.get_att("LogKey").to_string(),
    }


def _uri(spec: ServiceSpec) -> str:
    """The door's integration: InvokeEndpoint, whose body is the caller's own."""
    path = f"runtime.sagemaker:path/endpoints/{names.endpoint(spec.model)}/invocations"
    return cdk.Fn.sub(f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:{path}")
