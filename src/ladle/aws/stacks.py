"""A stack as it was deployed is read and taken down, whether or not the repository still describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import WaiterError

from ladle.aws.faults import asking
from ladle.aws.stack_reader import AwsStackReader
from ladle.errors import LadleError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_WAIT: Any = {"Delay": 2, "MaxAttempts": 900}  # half an hour: a network takes its time


class AwsStacks:
    def __init__(self, client: CloudFormationClient) -> None:
        self._client = client

    def exists(self, name: str) -> bool:
        return AwsStackReader(self._client).exists(name)

    def resources(self, name: str) -> Mapping[str, Any]:
        """Of the template that was deployed; the CDK writes JSON, which boto3 reads."""
        if not self.exists(name):
            return {}
        with asking(f"for the template of {name}"):
            found = self._client.get_template(StackName=name, TemplateStage="Original")
        resources: Mapping[str, Any] = found["TemplateBody"]["Resources"]
        return resources

    def outputs(self, name: str) -> Mapping[str, str]:
        return AwsStackReader(self._client).outputs(name)

    def remove(self, name: str) -> None:
        """Returns when it is gone. Raises LD252 with the first resource that could not be deleted."""
        with asking(f"to delete the stack {name}"):
            self._client.delete_stack(StackName=name)
            try:
                waiter = self._client.get_waiter("stack_delete_complete")
                waiter.wait(StackName=name, WaiterConfig=_WAIT)
            except WaiterError as error:
                raise LadleError(
                    "LD252",
                    f"the stack {name} could not be deleted: {self._why(name) or error}",
                    "mend what it names, then run the same command again",
                ) from error

    def _why(self, name: str) -> str | None:
        for event in self._client.describe_stack_events(StackName=name)["StackEvents"]:
            if event.get("ResourceStatus") == "DELETE_FAILED":
                reason = event.get("ResourceStatusReason", "no reason is given")
                return f"{event.get('LogicalResourceId')}: {reason}"
        return None
