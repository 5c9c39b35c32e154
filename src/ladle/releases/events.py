"""What can happen to a model's releases; each event is a fact that somebody observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ladle.policy.stopping import Overrun
from ladle.policy.traffic import ObservedTraffic
from ladle.policy.verdicts import Evidence
from ladle.releases.outbox import Effect
from ladle.releases.state import Release


@dataclass(frozen=True, slots=True)
class CandidateReady:
    """The hand-off published (or found) a version. An equal digest handed over again is policy only."""

    release: Release


@dataclass(frozen=True, slots=True)
class CandidateWithdrawn:
    """A stack rollback went back to the older digest: this one, handed over last, is unwanted."""

    release_digest: str


@dataclass(frozen=True, slots=True)
class TrafficObserved:
    """A read of the alias; None when there is none."""

    observed: ObservedTraffic | None


@dataclass(frozen=True, slots=True)
class EvidenceRead:
    """The counters of both arms, judged now. Never trusted from a message: always recomputed.

    ``others`` are models that were rolled back or held within the last minutes, asked for where
    the evidence says worse.
    """

    evidence: Evidence
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NativeAlarmRang:
    """CloudWatch's own alarm on one release's invocation errors; acted on from 20 samples.

    ``shared``: the other release's alarm rings as well.
    """

    release: int
    samples: int
    shared: bool = False


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing but the clock."""


class Ask(StrEnum):
    """What a person may ask for; a person always wins and is recorded."""

    ROLLBACK = "rollback"
    PROMOTE = "promote"
    PAUSE = "pause"
    RESUME = "resume"
    ADOPT = "adopt"
    RESTORE = "restore"
    LIFT = "lift"
    REMOVE = "remove"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class PersonAsked:
    """``to`` is a release number for ROLLBACK, the base of the home for LEAVE; ``digest`` is what LIFT
    frees, as it is written.
    """

    ask: Ask
    by: str
    reason: str = ""
    to: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class IntentDone:
    """The alias reads as the intent wants it."""

    intent_id: str


@dataclass(frozen=True, slots=True)
class CannotServe:
    """The release that the intent wants does not answer a warm probe, or is no version at all."""

    release: int
    why: str


@dataclass(frozen=True, slots=True)
class RollbackTried:
    """Without effect, to see whether one would go through: ``why`` not, or None."""

    why: str | None


@dataclass(frozen=True, slots=True)
class WriteDelayed:
    """AWS answered nothing but ``why`` to a whole wake-up that wanted to write the alias."""

    why: str


@dataclass(frozen=True, slots=True)
class LateRegression:
    """A proven release that serves alone is worse than at its trial; ``text`` and ``data`` say how.

    ``contract_kept``: requests are no more rejected than then.
    """

    release: int
    text: str
    data: Mapping[str, Any]
    to_blame: int | None
    contract_kept: bool


@dataclass(frozen=True, slots=True)
class CostRead:
    """The ceilings of ``cost`` were looked at; None: none is passed."""

    overrun: Overrun | None


@dataclass(frozen=True, slots=True)
class SwitchRead:
    """Whether what serves is switched as the ledger says: off while STOPPED, else on."""

    as_told: bool


@dataclass(frozen=True, slots=True)
class QuarantineDoubted:
    """Labels that came after a rollback no longer bear out what was said against ``digest``."""

    digest: str
    text: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutboxDone:
    """These effects of the outbox were carried out."""

    effects: tuple[Effect, ...]


Event = (
    CandidateReady
    | CandidateWithdrawn
    | TrafficObserved
    | EvidenceRead
    | NativeAlarmRang
    | TimePassed
    | PersonAsked
    | IntentDone
    | CannotServe
    | RollbackTried
    | WriteDelayed
    | LateRegression
    | CostRead
    | SwitchRead
    | QuarantineDoubted
    | OutboxDone
)
