"""Wrong controllers, each by one classic mistake: what the simulator must be able to notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from ladle.actions.controls import Controls, Decide
from ladle.errors import Unavailable
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.ports import ReleaseLedger, TrafficRouter
from ladle.releases import moves
from ladle.releases.decide import decide
from ladle.releases.effects import Decision, NewRecord
from ladle.releases.events import (
    Event,
    EvidenceRead,
    IntentDone,
    NativeAlarmRang,
    PersonAsked,
    TimePassed,
    TrafficObserved,
)
from ladle.releases.intent import IntentKind
from ladle.releases.state import ReleaseState


def _deciding(controls: Controls, wrong: Decide) -> Controls:
    return replace(controls, decide=wrong)


def goes_back_to_the_number_before(controls: Controls) -> Controls:
    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        right = decide(state, event, now)
        intent, leaving = right.state.intent, state.candidate
        if intent is None or intent.kind is not IntentKind.ROLL_BACK or leaving is None:
            return right
        before = [r for r in state.releases if r.number < leaving.number]
        if not before:
            return right
        target = max(before, key=lambda r: r.number)
        aimed = replace(intent, traffic=Traffic(target.number))
        return replace(right, state=replace(right.state, intent=aimed, stable=target))

    return _deciding(controls, wrong)


def quarantines_nothing(controls: Controls) -> Controls:
    """The ledger keeps the entry, and the start of a candidate does not look at it."""

    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        blind = decide(replace(state, quarantine=()), event, now)
        known = (*state.quarantine, *blind.state.quarantine)
        return replace(blind, state=replace(blind.state, quarantine=known))

    return _deciding(controls, wrong)


def promotes_on_silence(controls: Controls) -> Controls:
    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        candidate = state.candidate
        if (
            isinstance(event, TimePassed)
            and state.phase is Phase.CANARY
            and state.intent is None
            and candidate is not None
            and now - state.phase_since > candidate.policy.bake_s
        ):
            return moves.hold_back(state, now, "no news is good news", {})
        return decide(state, event, now)

    return _deciding(controls, wrong)


def rolls_back_only_when_time_is_up(controls: Controls) -> Controls:
    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        candidate = state.candidate
        early = candidate is not None and now - state.phase_since < candidate.policy.max_s
        if early and isinstance(event, EvidenceRead | NativeAlarmRang):
            return Decision(state, note="too early to say")
        return decide(state, event, now)

    return _deciding(controls, wrong)


def brings_back_what_was_rolled_back(controls: Controls) -> Controls:
    """As if a cleared alarm were a reason to try again, quarantine or not."""

    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        out = [n for n, s in state.statuses.items() if s is ReleaseStatus.ROLLED_BACK]
        again = next((r for r in state.releases if r.number in out), None)
        idle = state.phase is Phase.STABLE and state.intent is None
        if isinstance(event, TimePassed) and idle and again is not None:
            tried = moves.begin(replace(state, quarantine=()), again, now)
            return replace(tried, state=replace(tried.state, quarantine=state.quarantine))
        return decide(state, event, now)

    return _deciding(controls, wrong)


def undoes_foreign_writes(controls: Controls) -> Controls:
    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        right = decide(state, event, now)
        if isinstance(event, TrafficObserved) and right.records and state.traffic is not None:
            undone, row = moves.intend(state, IntentKind.RESTORE, state.traffic, "undone", now)
            return Decision(replace(undone, foreign=right.state.foreign), (row,))
        return right

    return _deciding(controls, wrong)


def works_on_while_paused(controls: Controls) -> Controls:
    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        if state.paused_by is not None and state.paused_from and isinstance(event, TimePassed):
            return decide(replace(state, phase=state.paused_from), event, now)
        return decide(state, event, now)

    return _deciding(controls, wrong)


def keeps_old_evidence(controls: Controls) -> Controls:
    """A new rollout goes on with the counters of the one before."""

    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        right = decide(state, event, now)
        if isinstance(event, IntentDone) and state.evidence_since:
            return replace(right, state=replace(right.state, evidence_since=state.evidence_since))
        return right

    return _deciding(controls, wrong)


def forgets_who_asked(controls: Controls) -> Controls:
    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        right = decide(state, event, now)
        return replace(right, records=()) if isinstance(event, PersonAsked) else right

    return _deciding(controls, wrong)


def keeps_no_numbers(controls: Controls) -> Controls:
    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        right = decide(state, event, now)
        return replace(right, records=tuple(replace(r, data={}) for r in right.records))

    return _deciding(controls, wrong)


def believes_its_own_writes(controls: Controls) -> Controls:
    """The intent counts as done when it is stored: a crash in between is never finished."""

    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        right = decide(state, event, now)
        intent = right.state.intent
        if isinstance(event, TimePassed | PersonAsked) and intent is not None:
            done = replace(right.state, intent=None, traffic=intent.traffic)
            return replace(right, state=done)
        return right

    return _deciding(controls, wrong)


@dataclass(frozen=True, slots=True)
class _Wrapped:
    port: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


class _WritesAnyRevision(_Wrapped):
    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        observed = self.port.read(model)
        revision = observed.revision if observed else expected_revision
        self.port.write(model, traffic, revision)


@dataclass(frozen=True, slots=True)
class _WritesAfterTenMinutes(_Wrapped):
    controls: Controls

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        intent = self.controls.ledger.load(model).intent
        if intent is not None and self.controls.clock.now() - intent.at < 600:
            raise Unavailable("LD504", "there is no hurry", "try again")
        self.port.write(model, traffic, expected_revision)


class _ProbesNothing(_Wrapped):
    def can_start(self, model: str, release: int) -> bool:
        return True


class _SavesOverAnybody(_Wrapped):
    def save(
        self,
        state: ReleaseState,
        records: Sequence[NewRecord],
        at: float,
        done: Sequence[str] = (),
    ) -> ReleaseState:
        stored = self.port.load(state.model)
        newest = replace(state, generation=stored.generation, rows=stored.rows)
        saved: ReleaseState = self.port.save(newest, records, at, done)
        return saved


class _LeasesToEverybody(_Wrapped):
    def acquire_lease(self, model: str, owner: str, now: float, seconds: float) -> bool:
        return True

    def release_lease(self, model: str, owner: str) -> None:
        return None


def ignores_revisions(controls: Controls) -> Controls:
    return replace(controls, traffic=cast("TrafficRouter", _WritesAnyRevision(controls.traffic)))


def takes_its_time(controls: Controls) -> Controls:
    unhurried = _WritesAfterTenMinutes(controls.traffic, controls)
    return replace(controls, traffic=cast("TrafficRouter", unhurried))


def rolls_back_unprobed(controls: Controls) -> Controls:
    return replace(controls, traffic=cast("TrafficRouter", _ProbesNothing(controls.traffic)))


def ignores_generations(controls: Controls) -> Controls:
    return replace(controls, ledger=cast("ReleaseLedger", _SavesOverAnybody(controls.ledger)))


def takes_no_lease(controls: Controls) -> Controls:
    return replace(controls, ledger=cast("ReleaseLedger", _LeasesToEverybody(controls.ledger)))
