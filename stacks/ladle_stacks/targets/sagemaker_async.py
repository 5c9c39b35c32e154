"""A model on asynchronous endpoints of SageMaker: what they need around them, and the function that takes their
requests. No template holds an endpoint, nor which of them is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ladle import names
from ladle.planning import permissions
from ladle.planning.door_resources import ASKING_ROUTES
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets import sagemaker_async as planning
from ladle.project.function_code import ASKING_ENTRY
from ladle_stacks import arns, grants
from ladle_stacks.doors.behind import ToFunction
from ladle_stacks.doors.front_door import front_door
from ladle_stacks.functions import FunctionPlan, ZipCode, own_function
from ladle_stacks.host import Host
from ladle_stacks.release_handoff import bundle_and_handoff, release
from ladle_stacks.serving_image import serving_image
from ladle_stacks.staged_serving import staged_serving
from ladle_stacks.targets.sagemaker import (
    SAGEMAKER,
    endpoint_key,
    isolated_model,
    machine_variant,
)

AT_ONCE = 1  # requests that a machine is given: one process answers one after the other
ASKED_S = 29  # as long as the door waits for the function


def serve(scope: Construct, host: Host, spec: ServiceSpec) -> cdk.CfnResource:
    """Everything between the model's file and its address; returns the hand-over."""
    handing = bundle_and_handoff(scope, host, spec)
    key = endpoint_key(scope, spec)
    held = {role.holder: role.grants for role in permissions.of_model(spec)}
    serving = grants.named_role(
        scope, "Serving", names.serving_role(spec.model, spec.base), SAGEMAKER, held["serving"]
    )
    image = serving_image(scope, host, spec).image_uri
    told = {names.STAGE_TIMEOUT: str(spec.compute.timeout_s)}
    asked = ToFunction(_asks(scope, host, spec).attr_arn, ASKING_ROUTES, told)
    door = front_door(scope, spec, asked, handing.bundle)
    model = isolated_model(spec, image, serving.role_arn, handing.bundle)
    wanted = _serving(scope, spec, model, key)
    return release(scope, handing, door.stage, spec, wanted)


def _asks(scope: Construct, host: Host, spec: ServiceSpec) -> lambda_.CfnFunction:
    code = ZipCode(scope, "AsksCode", host.stage_platform((ASKING_ENTRY,)), host.python())
    plan = FunctionPlan(
        "Asks",
        names.asking_function(spec.model),
        ASKING_ENTRY,
        f"Ladle: takes requests of {spec.model} that are answered later",
        tuple(planning.asking_grants(spec)),
        timeout_s=ASKED_S,
    )
    return own_function(scope, plan, code)


def _serving(
    scope: Construct, spec: ServiceSpec, model: Mapping[str, Any], key: kms.CfnKey
) -> Mapping[str, str]:
    folder = f"s3://{arns.store_bucket_name()}/{names.ASYNC}/{spec.model}"
    answers = {"S3OutputPath": f"{folder}/out/", "S3FailurePath": f"{folder}/failed/"}
    config = {
        "KmsKeyId": key.attr_arn,
        "AsyncInferenceConfig": {
            "OutputConfig": answers,
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": AT_ONCE},
        },
    }
    bounds = {
        names.MIN_INSTANCES_TAG: str(planning.least_instances(spec)),
        names.MAX_INSTANCES_TAG: str(planning.most_instances(spec)),
    }
    return staged_serving(scope, spec, model, machine_variant(spec), config, bounds)
