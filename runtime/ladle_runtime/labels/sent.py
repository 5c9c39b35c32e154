"""Who sends which labels for which model, read from an event that nobody has checked."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ladle.errors import LadleError
from ladle.quality.new_label import SHAPE, NewLabel

MAX_LABELS = 1_000  # in one call


@dataclass(frozen=True, slots=True)
class Sent:
    """``source`` is the principal that AWS vouches for; empty when the door asks nobody who it is."""

    model: str
    source: str
    labels: tuple[NewLabel, ...]


def read(event: Mapping[str, Any]) -> Sent:
    """An event of an HTTP API (payload 2.0) or a REST API, or a direct invoke: ``{"model", "source", "labels"}``.

    Whoever may invoke this function directly is trusted to say whose labels it brings.
    """
    if "requestContext" not in event:
        source = str(event.get("source", ""))
        return Sent(str(event.get("model", "")), source, _labels(event.get("labels")))
    context = event["requestContext"]
    return Sent(_model(event), _principal(context), _labels(_body(event)))


def _model(event: Mapping[str, Any]) -> str:
    """The door says it: by a stage variable on AWS, in the path where one door serves all models."""
    for place in ("stageVariables", "pathParameters"):
        if model := (event.get(place) or {}).get("model"):
            return str(model)
    raise LadleError("LD604", "the door does not say for which model this is", "deploy it again")


def _principal(context: Mapping[str, Any]) -> str:
    """Of an HTTP API by IAM or a token, of a REST API by IAM: each has its own place for it."""
    authorizer = context.get("authorizer") or {}
    iam = authorizer.get("iam") or context.get("identity") or {}
    claims = (authorizer.get("jwt") or {}).get("claims") or {}
    return str(iam.get("userArn") or claims.get("sub") or "")


def _body(event: Mapping[str, Any]) -> object:
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body, validate=True).decode("utf-8")
        return json.loads(body)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise LadleError("LD605", "the body is no JSON", SHAPE) from error


def _labels(given: object) -> tuple[NewLabel, ...]:
    labels = given if isinstance(given, list) else [given]
    if not labels:
        raise LadleError("LD605", "there is no label in the body", SHAPE)
    if len(labels) > MAX_LABELS:
        raise LadleError(
            "LD606", f"more than {MAX_LABELS:,} labels in one call", "send them in several calls"
        )
    return tuple(NewLabel.read(label, f"entry {i} of the body") for i, label in enumerate(labels))
