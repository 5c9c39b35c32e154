"""The API of a model's door, whichever kind, is found through the stack that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.errors import Unavailable

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession

_LATER: Final = frozenset(
    {"ConflictException", "LimitExceededException", "TooManyRequestsException"}
)


def api_of(session: AwsSession, model: str) -> str | None:
    """Its id; None where there is no stack, or none with such a door."""
    with asking(f"for the door of {model}"):
        try:
            found = session.cloudformation.describe_stack_resource(
                StackName=names.model_stack(model), LogicalResourceId="Door"
            )
        except ClientError as error:
            if code_of(error) == "ValidationError":
                return None
            raise
    return found["StackResourceDetail"].get("PhysicalResourceId")


def later_if_busy(error: ClientError) -> Exception:
    """API Gateway takes few changes a second, and one at a time."""
    if code_of(error) not in _LATER:
        return error
    return Unavailable(
        "LD504", f"API Gateway asks to try later: {code_of(error)}", "the next wake-up does"
    )
