"""What each target keeps of a release: one file per target, selected here by the hand-off."""

from __future__ import annotations

from collections.abc import Callable

from ladle.aws.session import AwsSession
from ladle.aws.versions.lambda_function import FunctionVersions
from ladle.catalog import Target
from ladle.ports import ReleaseVersions

VERSIONS: dict[Target, Callable[[AwsSession], ReleaseVersions]] = {
    Target.LAMBDA: lambda aws: FunctionVersions(aws.lambda_),
}
