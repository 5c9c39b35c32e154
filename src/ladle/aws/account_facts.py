"""What an account says of itself: its CDK bootstrap, and its quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from ladle.aws.faults import asking, code_of
from ladle.planning.quotas import is_code

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

    from ladle.aws.session import AwsSession

BOOTSTRAP_STACK = "CDKToolkit"
_NONE_SUCH = ("NoSuchResourceException", "AccessDeniedException")


class QuotaClient(Protocol):
    """What of boto3's ``service-quotas`` is asked."""

    def get_service_quota(self, *, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:  # noqa: N803
        """As boto3 has it."""
        ...

    def get_paginator(self, operation: str) -> Any: ...


class AwsAccount:
    """One account and region, asked when it is asked for."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def signed_in(self) -> None:
        """Raises NeedsCredentials where this machine has none; asks nobody else."""
        _ = self._session.credentials

    def account(self) -> str:
        return self._session.account

    def bootstrap(self) -> int | None:
        return bootstrap_version(self._session.cloudformation)

    def quota(self, service: str, which: str) -> float | None:
        ask = quota if is_code(which) else quota_called
        return ask(self._session.quotas, service, which)


def bootstrap_version(client: CloudFormationClient) -> int | None:
    """None where ``cdk bootstrap`` never ran."""
    with asking("for the CDK's bootstrap"):
        try:
            [stack] = client.describe_stacks(StackName=BOOTSTRAP_STACK)["Stacks"]
        except ClientError as error:
            if code_of(error) == "ValidationError":  # how CloudFormation says: no such stack
                return None
            raise
    outputs = {o.get("OutputKey"): o.get("OutputValue") for o in stack.get("Outputs", [])}
    return int(outputs.get("BootstrapVersion") or 0)


def quota(client: QuotaClient, service: str, code: str) -> float | None:
    """None where the account does not tell."""
    with asking(f"for a quota of {service}"):
        try:
            answer = client.get_service_quota(ServiceCode=service, QuotaCode=code)
        except ClientError as error:
            if code_of(error) in _NONE_SUCH:
                return None
            raise
    return float(answer["Quota"]["Value"])


def quota_called(client: QuotaClient, service: str, name: str) -> float | None:
    """What was applied to the account goes before AWS's default; None where neither list has it."""
    with asking(f"for the quotas of {service}"):
        for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
            try:
                for page in client.get_paginator(operation).paginate(ServiceCode=service):
                    for row in page["Quotas"]:
                        if row["QuotaName"] == name:
                            return float(row["Value"])
            except ClientError as error:
                if code_of(error) not in _NONE_SUCH:
                    raise
    return None
