"""One release as a task: no more rights than it needs, nothing to write to but a scratch folder.

The hand-off adds the release's number, which no template knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from ladle import digest, names
from ladle.catalog import Arch
from ladle.planning import permissions
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import secrets_environment, serving_json
from ladle.targets.ecs import fargate_size
from ladle_stacks import grants
from ladle_stacks.host import Host
from ladle_stacks.release_handoff import read_from_the_store
from ladle_stacks.serving_image import serving_image
from ladle_stacks.targets.ecs_network import PORT

TASKS = "ecs-tasks.amazonaws.com"
USER = "993:990"  # as on Lambda; nobody's in the image, and nobody's on the machine
STOP_S = 30  # the server takes at most nine seconds for what it still owes
SCRATCH = "scratch"
_CPU = {Arch.X86_64: "X86_64", Arch.ARM64: "ARM64"}


def task_definition(
    scope: Construct, host: Host, spec: ServiceSpec, bundle: cdk.CfnCustomResource
) -> Mapping[str, Any]:
    """What RegisterTaskDefinition takes."""
    roles = {role.holder: role.grants for role in permissions.of_model(spec)}
    serving = grants.named_role(
        scope, "Serving", names.serving_role(spec.model, spec.base), TASKS, roles["serving"]
    )
    execution = grants.named_role(
        scope, "Execution", names.execution_role(spec.model), TASKS, roles["execution"]
    )
    image = serving_image(scope, host, spec)
    return {
        "networkMode": "awsvpc",
        "taskRoleArn": serving.role_arn,
        "executionRoleArn": execution.role_arn,
        "volumes": [{"name": SCRATCH}],
        "containerDefinitions": [_container(spec, image.image_uri, _environment(spec, bundle))],
        **_machine(spec),
    }


def _container(spec: ServiceSpec, image: str, environment: Mapping[str, str]) -> Mapping[str, Any]:
    gpus = [{"type": "GPU", "value": str(spec.compute.gpu)}] if spec.compute.gpu else []
    return {
        "name": names.CONTAINER,
        "image": image,
        "essential": True,
        "user": USER,
        "readonlyRootFilesystem": True,
        "privileged": False,
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["ALL"]}},
        "mountPoints": [{"sourceVolume": SCRATCH, "containerPath": "/tmp", "readOnly": False}],  # noqa: S108
        "portMappings": [{"containerPort": PORT, "protocol": "tcp"}],
        "environment": [{"name": name, "value": environment[name]} for name in sorted(environment)],
        "resourceRequirements": gpus,
        "stopTimeout": STOP_S,
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": names.log_group(spec.model),
                "awslogs-region": cdk.Aws.REGION,
                "mode": "non-blocking",  # a log that is slow must not make answers slow
                "max-buffer-size": "25m",
            },
        },
    }


def _machine(spec: ServiceSpec) -> Mapping[str, Any]:
    if spec.compute.gpu:
        return {"requiresCompatibilities": ["EC2"], "memory": str(spec.compute.memory_mb)}
    size = fargate_size(spec.compute.memory_mb)
    if size is None:
        raise ValueError(f"no task of Fargate has {spec.compute.memory_mb} MB")
    return {
        "requiresCompatibilities": ["FARGATE"],
        "cpu": str(size.cpu_units),
        "memory": str(size.memory_mb),
        "runtimePlatform": {
            "cpuArchitecture": _CPU[spec.arch],
            "operatingSystemFamily": "LINUX",
        },
    }


def _environment(spec: ServiceSpec, bundle: cdk.CfnCustomResource) -> Mapping[str, str]:
    """docs/formats.md says what each is for. The team's own variables cannot replace Ladle's."""
    return {
        **spec.env,
        **secrets_environment(spec),
        "LADLE_MODEL": spec.model,
        "LADLE_RELEASE_DIGEST": digest.hex_of(spec.release_digest),
        "LADLE_SPEC": serving_json(spec),
        **read_from_the_store(bundle),
        "AWS_REGION": cdk.Aws.REGION,  # Fargate says so by itself, a machine does not
        "TMPDIR": "/tmp",  # noqa: S108 - the only folder that can be written
    }
