"""A model on serverless endpoints of SageMaker: what they need around them. No template holds an endpoint,
nor which of them the door leads to: the hand-off makes and names the first, the controller the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from ladle import digest, names
from ladle.planning import permissions
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import secrets_environment, serving_json
from ladle.planning.targets import sagemaker_serverless as planning
from ladle_stacks import grants
from ladle_stacks.doors.behind import ToService
from ladle_stacks.doors.front_door import front_door
from ladle_stacks.home import home_of
from ladle_stacks.host import Host
from ladle_stacks.release_handoff import bundle_and_handoff, read_from_the_store, release
from ladle_stacks.serving_image import serving_image
from ladle_stacks.staged_serving import staged_serving


def serve(scope: Construct, host: Host, spec: ServiceSpec) -> cdk.CfnResource:
    """Everything between the model's file and its address; returns the hand-over."""
    handing = bundle_and_handoff(scope, host, spec)
    home = home_of(scope, spec)
    held = {role.holder: role.grants for role in permissions.of_model(spec)}
    serving = grants.named_role(
        home, "Serving", names.serving_role(spec.model, spec.base), _SAGEMAKER, held["serving"]
    )
    role = grants.named_role(
        home,
        "Door",
        names.door_role(spec.model, spec.base),
        "apigateway.amazonaws.com",
        held["door"],
    )
    image = serving_image(home, host, spec).image_uri
    door = front_door(scope, spec, ToService(_uri(spec), role.role_arn), handing.bundle)
    wanted = _serving(scope, spec, image, serving.role_arn, handing.bundle)
    # The hand-over opens a new stage. One that a model has moved behind is there, and comes last.
    first = None if spec.base else door.stage
    return release(scope, handing, first, spec, wanted)


_SAGEMAKER = "sagemaker.amazonaws.com"


def _serving(
    scope: Construct,
    spec: ServiceSpec,
    image: str,
    role_arn: str,
    bundle: cdk.CfnCustomResource,
) -> Mapping[str, str]:
    container = {"Image": image, "Environment": _environment(spec, bundle)}
    model = {"ExecutionRoleArn": role_arn, "PrimaryContainer": container}
    variant = {
        "ServerlessConfig": {
            "MemorySizeInMB": planning.memory_mb(spec),
            "MaxConcurrency": planning.concurrency(spec),
        }
    }
    return staged_serving(scope, spec, model, variant, config={}, tags={})


def _environment(spec: ServiceSpec, bundle: cdk.CfnCustomResource) -> Mapping[str, Any]:
    """docs/formats.md says what each is for. The team's own variables cannot replace Ladle's."""
    return {
        **spec.env,
        **secrets_environment(spec),
        "LADLE_MODEL": spec.model,
        "LADLE_RELEASE_DIGEST": digest.hex_of(spec.release_digest),
        "LADLE_SPEC": serving_json(spec),
        **read_from_the_store(bundle),
        "AWS_REGION": cdk.Aws.REGION,
    }


def _uri(spec: ServiceSpec) -> str:
    """InvokeEndpoint of whichever release the stage names: its variable, which no template sets."""
    named = f"{names.endpoint(spec.model)}--${{!stageVariables.{names.STAGE_RELEASE}}}"
    path = f"runtime.sagemaker:path/endpoints/{named}/invocations"
    return cdk.Fn.sub(f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:{path}")
