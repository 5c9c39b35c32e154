"""Wrong controllers of a model that moves, each by one mistake that the simulator must be able to notice."""

from __future__ import annotations

from dataclasses import replace

from ladle.actions.behind_one_door import BehindOneDoor
from ladle.actions.controls import Controls
from ladle.policy.lock import Home
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.releases import moves
from ladle.releases.decide import decide
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import Ask, CandidateReady, Event, PersonAsked
from ladle.releases.intent import IntentKind
from ladle.releases.state import ReleaseState


def splits_between_two_homes(controls: Controls) -> Controls:
    """As a canary within one home."""

    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        right = decide(state, event, now)
        intent, candidate, stable = right.state.intent, right.state.candidate, right.state.stable
        if intent is None or candidate is None or stable is None:
            return right
        if intent.kind is not IntentKind.GO_LIVE or candidate.home == stable.home:
            return right
        tried = replace(intent, traffic=Traffic(stable.number, candidate.number, 0.1))
        return replace(right, state=replace(right.state, intent=tried))

    return replace(controls, decide=wrong)


def leaves_what_serves(controls: Controls) -> Controls:
    """A person who asks is not told that the home is needed."""

    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        right = decide(state, event, now)
        refused = right.records and right.records[0].kind is RecordKind.REFUSED
        if not isinstance(event, PersonAsked) or event.ask is not Ask.LEAVE or not refused:
            return right
        base = event.to or 0
        good = tuple(r for r in state.good if r.base != base)
        row = NewRecord(RecordKind.LEFT, None, "as asked", {"by": event.by, "ask": "leave"})
        return Decision(replace(state, good=good, left=(*state.left, base)), (row,))

    return replace(controls, decide=wrong)


def tries_where_it_left(controls: Controls) -> Controls:
    """What a slow pipeline hands over there is tried like any other."""

    def wrong(state: ReleaseState, event: Event, now: float) -> Decision:
        late = isinstance(event, CandidateReady) and event.release.base in state.left
        if not late or not isinstance(event, CandidateReady) or state.intent is not None:
            return decide(state, event, now)
        known = replace(state, releases=(*state.releases, event.release))
        return moves.begin(known, event.release, now)

    return replace(controls, decide=wrong)


class _LeadsFirst(BehindOneDoor):
    """The other home's shares are left for the next wake-up."""

    def _lead(self, model: str, home: Home, traffic: Traffic, *seen: object) -> None:
        led = self._door.read(model)
        if led is not None:
            self._door.lead(model, home.base, led.revision)


class _AsksNoDoor(BehindOneDoor):
    """What the wanted home reads passes for what requests reach."""

    def read(self, model: str) -> ObservedTraffic | None:
        homes = self._homes_of(model)
        home = homes.of(homes.wanted.main) if homes.wanted is not None else None
        found = self._routers(home).read(model) if home is not None else None
        return found or super().read(model)


class _WaitsForNothing(BehindOneDoor):
    """Shares that read as wanted pass for machines that are up."""

    def _settled(self, *seen: object) -> bool:
        return True

    def _is_ready(self, *of: object) -> bool:
        return True


def leads_the_door_first(controls: Controls) -> Controls:
    return _behind(controls, _LeadsFirst)


def asks_no_door(controls: Controls) -> Controls:
    return _behind(controls, _AsksNoDoor)


def waits_for_no_machine(controls: Controls) -> Controls:
    return _behind(controls, _WaitsForNothing)


def _behind(controls: Controls, kind: type[BehindOneDoor]) -> Controls:
    """Of a model that stays where it is nothing is wrong."""
    right = controls.traffic
    if not isinstance(right, BehindOneDoor):
        return controls
    return replace(controls, traffic=kind(right._homes_of, right._routers, right._door))
