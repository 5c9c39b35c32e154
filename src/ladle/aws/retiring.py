"""The controller has releases deleted by the hand-off, which alone may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.functions import Functions
from ladle.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from ladle.catalog import Target


def retire(client: LambdaClient, target: Target, model: str, release: int, base: int = 0) -> None:
    """``base`` is that of the release's home, which only targets that number versions themselves ask for.

    Without a hand-off the model's stack is gone, and its releases too. Raises Unavailable LD504.
    """
    event = {"retire": {"target": str(target), "base": base, "model": model, "releases": [release]}}
    try:
        answer = Functions(client).invoke(names.handoff_function(model), event)
    except NotFound:
        return
    if answer.error is not None:
        what = f"the hand-off could not retire release {release}: {answer.error_message}"
        raise Unavailable("LD504", what, "the next wake-up tries again")
