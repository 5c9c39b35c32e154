"""What each target keeps of a release: one file per target, selected here by the hand-off."""

from __future__ import annotations

from collections.abc import Callable

from ladle.aws.backlog import Backlogs
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.aws.versions.ecs import task_definitions
from ladle.aws.versions.endpoint_per_release import StagedVersions
from ladle.aws.versions.lambda_function import FunctionVersions
from ladle.aws.versions.sagemaker import EndpointVersions
from ladle.catalog import Target
from ladle.ports import Clock, ReleaseVersions

VERSIONS: dict[Target, Callable[[AwsSession, Clock], ReleaseVersions]] = {
    Target.LAMBDA: lambda aws, _clock: FunctionVersions(aws.lambda_),
    Target.ECS: task_definitions,
    Target.SAGEMAKER: lambda aws, clock: EndpointVersions(
        aws.sagemaker, AwsReleaseLedger(aws.dynamodb), clock
    ),
    Target.SAGEMAKER_SERVERLESS: lambda aws, clock: StagedVersions(
        aws, AwsReleaseLedger(aws.dynamodb), clock
    ),
    Target.SAGEMAKER_ASYNC: lambda aws, clock: StagedVersions(
        aws, AwsReleaseLedger(aws.dynamodb), clock, Backlogs(aws, clock)
    ),
}
