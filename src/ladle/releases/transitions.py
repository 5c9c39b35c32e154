"""The life of a model's traffic as one table: phase × kind of event → rule.

Laws:
1. A pair that has no row changes nothing. A person who asks for one is told so in the history.
2. While an intent is open, only what ends it is heard; everything else waits in the inbox.
3. A rule names in its row each phase that it may lead to; the diagram in docs/releases.md is drawn
   from the rows.
4. Weight grows by three moves only: a candidate's first traffic, a promotion, and the way back to
   a proven release. Silence makes none of them, and a cleared alarm is no event at all.
5. A rollback goes to the newest release that proved itself, never to the number before.
6. What somebody else wrote is never overwritten unless a person asks.
7. No traffic is split between two homes: a release that moves its model goes live at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ladle.policy.statuses import Phase
from ladle.releases import (
    asking,
    confirming,
    doubting,
    handing_over,
    judging,
    leaving,
    regressing,
    returning,
    stopping,
)
from ladle.releases.effects import Decision
from ladle.releases.events import (
    Ask,
    CandidateReady,
    CandidateWithdrawn,
    CannotServe,
    CostRead,
    Event,
    EvidenceRead,
    IntentDone,
    LateRegression,
    NativeAlarmRang,
    OutboxDone,
    PersonAsked,
    QuarantineDoubted,
    RollbackTried,
    SwitchRead,
    TimePassed,
    TrafficObserved,
    WriteDelayed,
)
from ladle.releases.state import ReleaseState

# A rule takes the event of its own row's kind, which no type of a table can say.
Rule = Callable[[ReleaseState, Any, float], Decision]


class Kind(StrEnum):
    """Kinds of events, as the table and the diagram spell them; a person's ask is its own kind."""

    HANDED_OVER = "candidate ready"
    WITHDRAWN = "candidate withdrawn"
    ALIAS_READ = "alias read"
    EVIDENCE = "evidence"
    ALARM = "native alarm"
    TIME = "time"
    INTENT_DONE = "intent done"
    CANNOT_SERVE = "cannot serve"
    DRY_RUN = "rollback tried"
    DELAYED = "write delayed"
    REGRESSED = "late regression"
    COST_READ = "cost read"
    SWITCH_READ = "switch read"
    DOUBTED = "quarantine doubted"
    OUTBOX_DONE = "outbox done"
    ROLLBACK = "asked: rollback"
    PROMOTE = "asked: promote"
    PAUSE = "asked: pause"
    RESUME = "asked: resume"
    ADOPT = "asked: adopt"
    RESTORE = "asked: restore"
    LIFT = "asked: lift"
    REMOVE = "asked: remove"
    LEAVE = "asked: leave"


KINDS: Mapping[type[Event], Kind] = {
    CandidateReady: Kind.HANDED_OVER,
    CandidateWithdrawn: Kind.WITHDRAWN,
    TrafficObserved: Kind.ALIAS_READ,
    EvidenceRead: Kind.EVIDENCE,
    NativeAlarmRang: Kind.ALARM,
    TimePassed: Kind.TIME,
    IntentDone: Kind.INTENT_DONE,
    CannotServe: Kind.CANNOT_SERVE,
    RollbackTried: Kind.DRY_RUN,
    WriteDelayed: Kind.DELAYED,
    LateRegression: Kind.REGRESSED,
    CostRead: Kind.COST_READ,
    SwitchRead: Kind.SWITCH_READ,
    QuarantineDoubted: Kind.DOUBTED,
    OutboxDone: Kind.OUTBOX_DONE,
}
# What ends an open intent, or does not touch it.
BESIDE_INTENT = (
    Kind.INTENT_DONE,
    Kind.CANNOT_SERVE,
    Kind.DRY_RUN,
    Kind.DELAYED,
    Kind.ALIAS_READ,
    Kind.SWITCH_READ,
    Kind.OUTBOX_DONE,
)


def kind_of(event: Event) -> Kind:
    if isinstance(event, PersonAsked):
        return Kind(f"asked: {Ask(event.ask)}")
    return KINDS[type(event)]


@dataclass(frozen=True, slots=True)
class Row:
    """``to`` are the phases that the rule may lead to, besides staying."""

    rule: Rule
    to: tuple[Phase, ...] = ()


_ = Phase
_BACK = (_.ROLLING_BACK, _.DEGRADED)
_TRYING = (_.CANARY, _.HOLDBACK)
_SERVED_BEFORE = (_.BASELINE, _.STABLE, *_TRYING, _.PAUSED, _.FROZEN, _.DEGRADED)

_ALWAYS: Mapping[Kind, Row] = {
    Kind.OUTBOX_DONE: Row(confirming.outbox_done),
    Kind.LIFT: Row(asking.lift),
}
_SERVING: Mapping[Kind, Row] = {
    **_ALWAYS,
    Kind.ALIAS_READ: Row(confirming.traffic_read, (_.FROZEN,)),
    Kind.SWITCH_READ: Row(stopping.switch_read),
    Kind.INTENT_DONE: Row(confirming.intent_done),
    Kind.CANNOT_SERVE: Row(confirming.cannot_serve, (_.FROZEN,)),
    Kind.DRY_RUN: Row(returning.rollback_tried),
    Kind.DELAYED: Row(confirming.write_delayed),
    Kind.REMOVE: Row(asking.remove, (_.EMPTY,)),
}
_UNDISTURBED: Mapping[Kind, Row] = {
    **_SERVING,
    Kind.COST_READ: Row(stopping.cost_read, (_.STOPPED,)),
    Kind.RESUME: Row(stopping.keep_on),
    Kind.ROLLBACK: Row(asking.rollback, (_.ROLLING_BACK,)),
    Kind.PAUSE: Row(asking.pause, (_.PAUSED,)),
}

TABLE: Mapping[Phase, Mapping[Kind, Row]] = {
    Phase.EMPTY: {
        **_ALWAYS,
        Kind.HANDED_OVER: Row(handing_over.start_now, (_.BASELINE,)),
    },
    Phase.BASELINE: {
        **_UNDISTURBED,
        Kind.HANDED_OVER: Row(handing_over.wait_for_turn),
        Kind.WITHDRAWN: Row(handing_over.withdraw_candidate),
        Kind.EVIDENCE: Row(judging.evidence_in_baseline, (_.STABLE,)),
        Kind.ALARM: Row(judging.alarm_in_baseline, (_.DEGRADED,)),
        Kind.PROMOTE: Row(asking.promote, (_.STABLE,)),
    },
    Phase.STABLE: {
        **_UNDISTURBED,
        Kind.HANDED_OVER: Row(handing_over.start_now, _TRYING),
        Kind.WITHDRAWN: Row(handing_over.withdraw_stable),
        Kind.REGRESSED: Row(regressing.late_regression, (_.ROLLING_BACK,)),
        Kind.DOUBTED: Row(doubting.quarantine_doubted),
        Kind.LEAVE: Row(leaving.leave),
        Kind.TIME: Row(judging.time_in_stable, _TRYING),
    },
    Phase.CANARY: {
        **_UNDISTURBED,
        Kind.HANDED_OVER: Row(handing_over.supersede_canary, (_.STABLE,)),
        Kind.WITHDRAWN: Row(handing_over.withdraw_candidate, (_.STABLE,)),
        Kind.EVIDENCE: Row(judging.evidence_in_canary, (_.HOLDBACK, _.PAUSED, *_BACK)),
        Kind.ALARM: Row(judging.alarm_in_rollout, (_.PAUSED, *_BACK)),
        Kind.DRY_RUN: Row(returning.rollback_tried, (_.STABLE,)),
        Kind.TIME: Row(judging.time_in_canary, (_.STABLE, _.HOLDBACK, _.PAUSED, *_BACK)),
        Kind.CANNOT_SERVE: Row(confirming.cannot_serve_candidate, (_.STABLE, _.FROZEN)),
        Kind.PROMOTE: Row(asking.promote, (_.HOLDBACK,)),
    },
    Phase.HOLDBACK: {
        **_UNDISTURBED,
        Kind.CANNOT_SERVE: Row(confirming.cannot_go_live, (_.STABLE, _.FROZEN)),
        Kind.HANDED_OVER: Row(handing_over.end_holdback, (_.STABLE,)),
        Kind.WITHDRAWN: Row(handing_over.withdraw_candidate, (_.STABLE,)),
        Kind.EVIDENCE: Row(judging.evidence_in_holdback, (_.PAUSED, *_BACK)),
        Kind.ALARM: Row(judging.alarm_in_rollout, (_.PAUSED, *_BACK)),
        Kind.DRY_RUN: Row(returning.rollback_tried, (_.STABLE,)),
        Kind.TIME: Row(judging.time_in_holdback, (_.STABLE,)),
        Kind.PROMOTE: Row(asking.promote, (_.STABLE,)),
    },
    Phase.ROLLING_BACK: {
        **_SERVING,
        Kind.HANDED_OVER: Row(handing_over.wait_for_turn),
        Kind.INTENT_DONE: Row(confirming.rollback_done, (_.STABLE, _.FROZEN)),
        Kind.CANNOT_SERVE: Row(confirming.cannot_serve_target, (_.DEGRADED, _.FROZEN)),
    },
    Phase.PAUSED: {
        **_UNDISTURBED,
        Kind.HANDED_OVER: Row(handing_over.while_paused, (_.STABLE,)),
        Kind.WITHDRAWN: Row(handing_over.withdraw_later, (_.STABLE,)),
        Kind.EVIDENCE: Row(judging.evidence_in_pause, _BACK),
        Kind.ALARM: Row(judging.alarm_in_pause, _BACK),
        Kind.TIME: Row(judging.time_in_pause, (_.STABLE, *_TRYING)),
        Kind.PROMOTE: Row(asking.promote, (_.HOLDBACK, _.STABLE)),
        Kind.RESUME: Row(asking.resume, (_.BASELINE, _.STABLE, *_TRYING, _.DEGRADED)),
    },
    Phase.FROZEN: {
        **_SERVING,
        Kind.COST_READ: Row(stopping.cost_read, (_.STOPPED,)),
        Kind.HANDED_OVER: Row(handing_over.wait_for_turn),
        Kind.WITHDRAWN: Row(handing_over.withdraw_later),
        Kind.ALIAS_READ: Row(confirming.traffic_read_frozen),
        Kind.ROLLBACK: Row(asking.rollback, (_.ROLLING_BACK,)),
        Kind.RESUME: Row(asking.resume_frozen, (_.BASELINE, _.STABLE, *_TRYING, _.DEGRADED)),
        Kind.ADOPT: Row(asking.adopt, (_.STABLE, *_TRYING)),
        Kind.RESTORE: Row(asking.restore_ledger, (_.BASELINE, _.STABLE, *_TRYING, _.DEGRADED)),
    },
    Phase.DEGRADED: {
        **_UNDISTURBED,
        Kind.HANDED_OVER: Row(handing_over.start_now, (_.BASELINE,)),
        Kind.TIME: Row(judging.time_in_degraded, (_.BASELINE,)),
        Kind.PROMOTE: Row(asking.promote_degraded, (_.STABLE,)),
        Kind.RESUME: Row(asking.resume_degraded, (_.BASELINE,)),
    },
    Phase.STOPPED: {
        **_ALWAYS,
        Kind.HANDED_OVER: Row(handing_over.wait_for_turn),
        Kind.WITHDRAWN: Row(handing_over.withdraw_later),
        Kind.REMOVE: Row(asking.remove, (_.EMPTY,)),
        Kind.SWITCH_READ: Row(stopping.switch_read),
        Kind.RESUME: Row(stopping.resume, _SERVED_BEFORE),
    },
}
