"""What a function between a door and SageMaker reads of an event, and how it answers the door."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from ladle.aws.inference_request import Request
from ladle.errors import LadleError, Unavailable

Event = Mapping[str, Any]
Answer = Mapping[str, Any]
_TEXT: Final = ("application/json", "application/problem+json", "text/")
_STATUS: Final = {
    "LD403": 413,
    "LD404": 404,
    "LD406": 413,
    "LD445": 404,
    "LD446": 410,
    "LD448": 400,
    "LD449": 502,
    "LD450": 400,
    "LD451": 504,
}
_TITLE: Final = {
    400: "this is no request",
    404: "there is nothing here",
    410: "the prediction is too old",
    413: "this is too large",
    500: "asking failed",
    502: "the model failed",
    503: "try again",
    504: "the model took too long",
}


def told(event: Event, name: str) -> str:
    """What the stage of the door says."""
    return str(_within(event, "stageVariables").get(name, ""))


def request_of(event: Event) -> Request:
    """Raises LadleError LD448, LD450."""
    sent = {str(name).lower(): str(value) for name, value in _within(event, "headers").items()}
    return Request.of(_body(event), sent)


def answered(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    """Text travels as text, all else as base64."""
    text = None
    if headers.get("content-type", "").startswith(_TEXT):
        text = _decoded(content)
    return {
        "statusCode": status,
        "headers": dict(headers),
        "body": base64.b64encode(content).decode() if text is None else text,
        "isBase64Encoded": text is None,
    }


def refused(error: LadleError) -> Answer:
    status = _STATUS.get(error.code, 503 if isinstance(error, Unavailable) else 500)
    return problem(status, error.code, error.finding.what)


def problem(status: int, code: str, detail: str) -> Answer:
    body = {
        "type": f"urn:ladle:error:{code}",
        "title": _TITLE.get(status, "the model refused the request"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return problem_itself(status, json.dumps(body).encode())


def problem_itself(status: int, body: bytes) -> Answer:
    later = {"retry-after": "1"} if status == 503 else {}
    return answered(status, {"content-type": "application/problem+json", **later}, body)


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            return base64.b64decode(body, validate=True)
        return str(body).encode()
    except (TypeError, ValueError) as error:
        raise LadleError("LD448", "the body is not what the door says it is", "again") from error


def _decoded(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _within(event: Event, key: str) -> Mapping[str, Any]:
    found = event.get(key)
    return found if isinstance(found, Mapping) else {}
