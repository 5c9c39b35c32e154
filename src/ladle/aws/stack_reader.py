"""What CloudFormation is doing with a stack right now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


class AwsStackReader:
    def __init__(self, client: CloudFormationClient) -> None:
        self._client = client

    def is_rolling_back(self, stack_id: str) -> bool:
        stacks = self._client.describe_stacks(StackName=stack_id)["Stacks"]
        return "ROLLBACK" in stacks[0]["StackStatus"]
