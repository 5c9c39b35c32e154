"""An event says only whom to look at: everything else is read again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ladle import names

_NATIVE_ALARM = re.compile(r"\.(?:errors-\d+|slot-[a-z])$")


def models_to_look_at(event: Mapping[str, Any]) -> Sequence[str] | None:
    """Model names, each once; None is all of them, which is what the one-minute rule asks for."""
    records = event.get("Records")
    if records is None:
        return None
    named = (_model_of(record) for record in records)
    return tuple(dict.fromkeys(model for model in named if model is not None))


def idle_models(event: Mapping[str, Any]) -> Iterator[str]:
    """Whose idle alarm rings."""
    before, after = names.idle_alarm("|").split("|")
    for record in event.get("Records", ()):
        alarm = _alarm_of(record.get("Sns", {})) or ""
        if alarm.startswith(before) and alarm.endswith(after):
            yield alarm.removeprefix(before).removesuffix(after)


def _model_of(record: Mapping[str, Any]) -> str | None:
    if "Sns" in record:
        return _model_of_notification(record["Sns"])
    keys = record.get("dynamodb", {}).get("Keys", {})
    partition, sort_key = (keys.get(k, {}).get("S", "") for k in ("pk", "sk"))
    if sort_key.startswith("INBOX#") and partition.startswith("MODEL#"):
        return str(partition.removeprefix("MODEL#"))
    return None


def _model_of_notification(notification: Mapping[str, Any]) -> str | None:
    alarm = _alarm_of(notification)
    return _model_of_alarm(alarm) if alarm else None


def _alarm_of(notification: Mapping[str, Any]) -> str | None:
    if names.NOTICE_ATTRIBUTE in notification.get("MessageAttributes", {}):
        return None
    try:
        return str(json.loads(notification["Message"])["AlarmName"])
    except (ValueError, KeyError, TypeError):
        return None


def _model_of_alarm(alarm: str) -> str | None:
    """The inverse of ``names.evidence_alarm``, ``names.native_alarm`` and ``names.slot_alarm``."""
    before, after = names.evidence_alarm("|").split("|")
    if alarm.startswith(before) and alarm.endswith(after):
        return alarm.removeprefix(before).removesuffix(after)
    if alarm.startswith(before) and _NATIVE_ALARM.search(alarm):
        return _NATIVE_ALARM.sub("", alarm.removeprefix(before))
    return None
