"""What a real-time endpoint answers while its caller waits: no longer than told, and asked once.

A second time only over a line that was found closed: what serves predicts, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)

from ladle import names
from ladle.aws.faults import code_of
from ladle.aws.inference_request import Request
from ladle.errors import LadleError, Unavailable


@dataclass(frozen=True, slots=True)
class Answered:
    """``attributes`` are what the container says beside its content, in SageMaker's one header."""

    content_type: str
    content: bytes
    attributes: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """By the container: ``status`` and ``said`` are its own; of what type, SageMaker does not tell."""

    status: int
    said: str


class EndpointAnswers:
    """Of one model; ``runtime`` is boto3's client of ``sagemaker-runtime``, which has no stubs here, and
    tries once.
    """

    def __init__(self, runtime: Any, model: str) -> None:
        self._runtime = runtime
        self._model = model

    def ask(self, request: Request) -> Answered | Refused:
        """Raises Unavailable LD447 and LD451, LadleError LD403."""
        try:
            try:
                return self._ask(request)
            except ConnectionClosedError:  # a line of before the function was frozen
                return self._ask(request)
        except ReadTimeoutError as error:
            what = f"{self._model} took longer than its door waits"
            raise Unavailable("LD451", what, "send less at once") from error
        except BotoCoreError as error:
            what = f"SageMaker did not answer: {type(error).__name__}"
            raise Unavailable("LD447", what, "try again") from error

    def _ask(self, request: Request) -> Answered | Refused:
        try:
            told = self._runtime.invoke_endpoint(
                EndpointName=names.endpoint(self._model), Body=request.content, **request.headers
            )
        except ClientError as error:
            return self._refused(error)
        return Answered(
            told.get("ContentType", ""), told["Body"].read(), told.get("CustomAttributes", "")
        )

    def _refused(self, error: ClientError) -> Refused:
        told: Any = error.response
        status = told.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code_of(error) == "ModelError":
            return Refused(
                int(told.get("OriginalStatusCode", 502)), told.get("OriginalMessage", "")
            )
        if status == 413:
            what = "the request is larger than an endpoint takes"
            raise LadleError("LD403", what, "send fewer rows at once") from error
        what = f"the endpoint of {self._model} takes no request: {code_of(error)}"
        raise Unavailable("LD447", what, "try again") from error
