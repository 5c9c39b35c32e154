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

# Made of the base of a home too, which matters where AWS numbers versions.
VERSIONS: dict[Target, Callable[[AwsSession, Clock, int], ReleaseVersions]] = {
    Target.LAMBDA: lambda aws, _clock, base: FunctionVersions(aws.lambda_, base),
    Target.ECS: lambda aws, clock, _base: task_definitions(aws, clock),
    Target.SAGEMAKER: lambda aws, clock, _base: EndpointVersions(
        aws, AwsReleaseLedger(aws.dynamodb), clock
    ),
    Target.SAGEMAKER_SERVERLESS: lambda aws, clock, _base: StagedVersions(
        aws, AwsReleaseLedger(aws.dynamodb), clock
    ),
    Target.SAGEMAKER_ASYNC: lambda aws, clock, _base: StagedVersions(
        aws, AwsReleaseLedger(aws.dynamodb), clock, Backlogs(aws, clock)
    ),
}
