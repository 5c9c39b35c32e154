"""Who builds images for teams without an engine of their own; nobody else gets this project."""

from __future__ import annotations

import json

from aws_cdk import aws_codebuild as codebuild
from constructs import Construct

from ladle import names
from ladle.planning import permissions
from ladle_stacks import arns, grants
from ladle_stacks.doors.accepted import Row
from ladle_stacks.functions import OWN_LOGS_DAYS, log_group

LONGEST_MIN = 60
# Lambda takes no image with an attestation beside it.
_COMMANDS = (
    'aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"',
    "export BUILDX_NO_DEFAULT_ATTESTATIONS=1",
    'docker build --platform "$PLATFORM" $ARGUMENTS --tag "$IMAGE" .',
    'docker push "$IMAGE"',
)
ACCEPTED: tuple[Row, ...] = (
    ("AwsSolutions-CB4", ("Images",), "it leaves no artifact but the image in ECR"),
    (
        "NIST.800.53.R5-CloudWatchLogGroupEncrypted",
        ("ImagesLogs",),
        "encrypted with the service's own key",
    ),
    (
        "NIST.800.53.R5-IAMNoInlinePolicy",
        ("BuilderRole/Resource",),
        "one role, one policy, nothing to attach elsewhere",
    ),
)


def image_builds(scope: Construct) -> None:
    role = grants.named_role(
        scope, "Builder", names.BUILDER_ROLE, "codebuild.amazonaws.com", permissions.builder()
    )
    kept = log_group(scope, "ImagesLogs", names.BUILD_LOG, OWN_LOGS_DAYS)
    commands = {"version": 0.2, "phases": {"build": {"commands": list(_COMMANDS)}}}
    project = codebuild.CfnProject(
        scope,
        "Images",
        name=names.BUILD_PROJECT,
        description="Ladle: builds the images of models, where a deploy has no engine of its own",
        service_role=role.role_arn,
        timeout_in_minutes=LONGEST_MIN,
        artifacts=codebuild.CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
        source=codebuild.CfnProject.SourceProperty(
            type="S3",
            location=f"{arns.store_bucket_name()}/{names.build_key('none')}",  # each build names its own
            build_spec=json.dumps(commands),
        ),
        environment=codebuild.CfnProject.EnvironmentProperty(
            type="LINUX_CONTAINER",
            compute_type="BUILD_GENERAL1_MEDIUM",
            image="aws/codebuild/amazonlinux-x86_64-standard:5.0",
            privileged_mode=True,
        ),
        logs_config=codebuild.CfnProject.LogsConfigProperty(
            cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                status="ENABLED", group_name=names.BUILD_LOG
            )
        ),
    )
    project.add_resource_dependency(kept)
