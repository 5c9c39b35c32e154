"""Calls one version of a deployed function, as the front door does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ladle.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True, slots=True)
class Invoked:
    """``error`` is Lambda's FunctionError: the platform, not the handler, says that it failed."""

    payload: Any
    error: str | None

    @property
    def error_type(self) -> str:
        return str(self.payload.get("errorType", "")) if isinstance(self.payload, Mapping) else ""

    @property
    def error_message(self) -> str:
        if isinstance(self.payload, Mapping):
            return str(self.payload.get("errorMessage", ""))
        return ""


class Functions:
    """Invokes functions synchronously."""

    def __init__(self, client: LambdaClient) -> None:
        self._client = client

    def invoke(
        self, function: str, event: Mapping[str, Any], qualifier: str | None = None
    ) -> Invoked:
        """Raises NotFound for an unknown function or version, Unavailable when nobody answered."""
        try:
            answer = self._client.invoke(
                FunctionName=f"{function}:{qualifier}" if qualifier else function,
                Payload=json.dumps(event).encode(),
            )
            text = answer["Payload"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                raise NotFound(
                    "LD250", f"there is no function {function}", "deploy the model: ladle deploy"
                ) from error
            raise Unavailable(
                "LD251", f"{function} could not be called: {error}", "try again"
            ) from error
        except BotoCoreError as error:
            raise Unavailable(
                "LD251", f"{function} could not be called: {error}", "try again"
            ) from error
        return Invoked(json.loads(text) if text else None, answer.get("FunctionError"))
