"""CloudFormation asks by an event and waits for one PUT: an answer goes out whatever happens."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ladle.errors import LadleError

REASON_LIMIT = 1500  # CloudFormation refuses an answer of more than 4 KB
TIMEOUT_S = 30


class RequestKind(StrEnum):
    CREATE = "Create"
    UPDATE = "Update"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class Request:
    """One event of a custom resource; ``before`` are the properties of the last success."""

    kind: RequestKind
    id: str
    stack_id: str
    logical_id: str
    answer_to: str
    properties: Mapping[str, Any]
    before: Mapping[str, Any]

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> Request:
        return cls(
            kind=RequestKind(event["RequestType"]),
            id=event["RequestId"],
            stack_id=event["StackId"],
            logical_id=event["LogicalResourceId"],
            answer_to=event["ResponseURL"],
            properties=event["ResourceProperties"],
            before=event.get("OldResourceProperties", {}),
        )


Send = Callable[[str, bytes], None]


def serve(
    event: Mapping[str, Any],
    physical_id: str,
    work: Callable[[Request], Mapping[str, str]],
    send: Send,
    secret: bool = False,
) -> None:
    """Runs ``work`` and reports its attributes, or why it failed.

    ``physical_id`` never changes for a model: if it did, a stack rollback would delete what it
    should restore. ``secret`` keeps the attributes out of CloudFormation's listings.
    """
    request = Request.from_event(event)
    answer: dict[str, Any] = {
        "PhysicalResourceId": physical_id,
        "StackId": request.stack_id,
        "RequestId": request.id,
        "LogicalResourceId": request.logical_id,
        "NoEcho": secret,
    }
    try:
        answer |= {"Status": "SUCCESS", "Data": dict(work(request))}
    except Exception as error:  # noqa: BLE001 - a missing answer blocks the stack for an hour
        answer |= {"Status": "FAILED", "Reason": reason(error)}
    send(request.answer_to, json.dumps(answer).encode())


def reason(error: Exception) -> str:
    """What a person reads beside the failed resource."""
    if isinstance(error, LadleError):
        finding = error.finding
        return f"{finding.code} {finding.what}. help: {finding.fix}"[:REASON_LIMIT]
    return f"{type(error).__name__}: {error}"[:REASON_LIMIT]


def put(url: str, body: bytes) -> None:
    """CloudFormation's presigned URL wants an empty content type."""
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError(f"CloudFormation answers go to https, not to {url[:40]}")
    request = urllib.request.Request(url, data=body, method="PUT", headers={"content-type": ""})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S):
        return
