"""``ladle dev`` takes labels as the intake does, and shows them in place of judging them."""

from __future__ import annotations

import re
import sys
from typing import Any, Final

import orjson

from ladle_runtime.serving.answer import Answer, refusal
from ladle_runtime.serving.problems import Refused

_PREDICTION_ID: Final = re.compile(r"[\w-]{22}\.\d{1,6}|[\w-]{43}|[\w-]{48}", re.ASCII)


class DevFeedback:
    """202 for labels that the intake would take; release 0 is watched by nobody."""

    def __call__(self, body: bytes) -> Answer:
        try:
            labels = _read(body)
        except Refused as refused:
            return refusal(refused.code, refused.detail)
        for label in labels:
            sys.stdout.write(f"label {label['prediction_id']} = {label['label']!r}\n")
        sys.stdout.flush()
        taken = {
            "accepted": len(labels),
            "corrected": 0,
            "repeated": 0,
            "waiting": 0,
            "refused": [],
        }
        return Answer(202, "application/json", orjson.dumps(taken))


def _read(body: bytes) -> list[dict[str, Any]]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused("LD401", "send one label or a list of labels as JSON") from None
    labels = given if isinstance(given, list) else [given]
    if not labels or not all(map(_is_label, labels)):
        raise Refused("LD605", 'a label is {"prediction_id": "…", "label": a text or a number}')
    return labels


def _is_label(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("prediction_id"), str)
        and _PREDICTION_ID.fullmatch(value["prediction_id"]) is not None
        and _fits(value.get("label"))
    )


def _fits(label: Any) -> bool:
    several = label if isinstance(label, list) and label else [label]
    return all(isinstance(each, str | int | float | bool) for each in several)
