"""A write of the alias stands in the ledger before it is done, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ladle.policy.traffic import Traffic
from ladle.policy.verdicts import Evidence


class IntentKind(StrEnum):
    """Why the alias is about to be written."""

    BASELINE = "baseline"
    START_CANARY = "start_canary"
    GO_LIVE = "go_live"
    HOLD_BACK = "hold_back"
    FINISH = "finish"
    ROLL_BACK = "roll_back"
    WITHDRAW = "withdraw"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Intent:
    """A write of the alias that was decided and not yet confirmed; any controller may finish it."""

    id: str
    kind: IntentKind
    traffic: Traffic
    reason: str
    at: float
    evidence: Evidence | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Intent:
        evidence = data["evidence"]
        return cls(
            **{
                **data,
                "kind": IntentKind(data["kind"]),
                "traffic": Traffic(**data["traffic"]),
                "evidence": evidence and Evidence.from_json(evidence),
            }
        )
