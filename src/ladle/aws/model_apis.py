"""The API of a model's door, whichever kind, is found through the stack that made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.errors import Unavailable

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession

_REST: Final = "AWS::ApiGateway::RestApi"
_LATER: Final = frozenset(
    {"ConflictException", "LimitExceededException", "TooManyRequestsException"}
)


@dataclass(frozen=True, slots=True)
class Api:
    """``is_rest`` or it is an HTTP API."""

    id: str
    is_rest: bool


class ModelApis:
    """Each is looked for once: an API keeps its id as long as its stack."""

    def __init__(self, session_of: Callable[[str], AwsSession]) -> None:
        self.session_of = session_of
        self._found: dict[str, Api] = {}

    def find(self, model: str) -> Api | None:
        found = self._found.get(model) or door_of(self.session_of(model), model)
        if found is not None:
            self._found[model] = found
        return found

    def forget(self, model: str) -> None:
        """It is gone; another deploy may make another."""
        self._found.pop(model, None)


def api_of(session: AwsSession, model: str) -> str | None:
    """Its id; None where there is no stack, or none with such a door."""
    found = door_of(session, model)
    return found.id if found is not None else None


def door_of(session: AwsSession, model: str) -> Api | None:
    with asking(f"for the door of {model}"):
        try:
            found = session.cloudformation.describe_stack_resource(
                StackName=names.model_stack(model), LogicalResourceId="Door"
            )
        except ClientError as error:
            if code_of(error) == "ValidationError":
                return None
            raise
    detail = found["StackResourceDetail"]
    id_ = detail.get("PhysicalResourceId")
    return Api(id_, detail.get("ResourceType") == _REST) if id_ else None


def later_if_busy(error: ClientError) -> Exception:
    """API Gateway takes few changes a second, and one at a time."""
    if code_of(error) not in _LATER:
        return error
    return Unavailable(
        "LD504", f"API Gateway asks to try later: {code_of(error)}", "the next wake-up does"
    )
