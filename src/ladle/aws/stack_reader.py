"""What CloudFormation knows of a stack right now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ladle.aws.faults import asking, code_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


class AwsStackReader:
    def __init__(self, client: CloudFormationClient) -> None:
        self._client = client

    def is_rolling_back(self, stack_id: str) -> bool:
        stack = self._find(stack_id)
        return stack is not None and "ROLLBACK" in stack["StackStatus"]

    def exists(self, name: str) -> bool:
        return self._find(name) is not None

    def outputs(self, name: str) -> Mapping[str, str]:
        stack = self._find(name)
        said = stack.get("Outputs", ()) if stack else ()
        return {output["OutputKey"]: output["OutputValue"] for output in said}

    def _find(self, name: str) -> StackTypeDef | None:
        with asking(f"for the stack {name}"):
            try:
                return self._client.describe_stacks(StackName=name)["Stacks"][0]
            except ClientError as error:
                if code_of(error) == "ValidationError":  # how CloudFormation says: no such stack
                    return None
                raise
