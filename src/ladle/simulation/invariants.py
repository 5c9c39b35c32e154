"""The sixteen invariants of docs/releases.md, checked at each write, by what is true and not by what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ladle.catalog import Strategy
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.releases.effects import NewRecord, Record, RecordKind
from ladle.releases.holding import is_held
from ladle.releases.intent import IntentKind
from ladle.releases.judging import KEPT_GOOD
from ladle.releases.outbox import Effect, Retire
from ladle.releases.state import Release, ReleaseState
from ladle.simulation.looks import Looks, start_of
from ladle.simulation.world import MODEL, World

# Only what is beyond one crash or stall, which the 120 s include, buys more time.
MORE_FOR_EACH_DISTURBANCE_S = 200.0
RESTING = (Phase.FROZEN, Phase.PAUSED, Phase.STOPPED)  # until a person asks for more
TRIED = (Phase.CANARY, Phase.HOLDBACK)
_TRYING = (ReleaseStatus.CANARY, ReleaseStatus.HOLDBACK)


class Violation(Exception):
    """An invariant by its number in docs/releases.md, and how it was broken."""

    def __init__(self, invariant: int, what: str) -> None:
        self.invariant, self.what = invariant, what
        super().__init__(f"invariant {invariant}: {what}")

    def __reduce__(self) -> tuple[type[Violation], tuple[int, str]]:
        return Violation, (self.invariant, self.what)


@dataclass(slots=True)
class Watch:
    """What must stay true of one world. ``danger`` is since when a wake-up could see a bad release."""

    world: World
    rollback_within_s: float
    rows: list[Record] = field(default_factory=list)
    first_weight: dict[int, float] = field(default_factory=dict)
    danger: dict[int, float] = field(default_factory=dict)
    by_alarm: bool = False
    disturbances: int = 0
    asked_by: list[str] = field(default_factory=list)

    def saves(self, before: ReleaseState, new: ReleaseState, records: Sequence[NewRecord]) -> None:
        """Called just before the ledger stores ``new`` over ``before``."""
        if new.generation != before.generation:
            raise Violation(8, f"generation {new.generation} written over {before.generation}")
        self._homes(before, new)
        trying = [n for n, status in new.statuses.items() if status in _TRYING]
        if len(trying) > 1:
            raise Violation(7, f"releases {trying} are tried at once")
        for record in records:
            self._explained(record)
            self._own_evidence(before, record)
            if record.kind is RecordKind.GOOD and before.phase is Phase.BASELINE:
                self._proven_first(before, record)
        judged_anew = any(record.kind is RecordKind.POLICY for record in records)
        if new.phase not in (*TRIED, Phase.ROLLING_BACK) or judged_anew:
            self.danger.clear()
        elif new.phase is Phase.ROLLING_BACK and before.phase in TRIED:
            self.disturbances += 1  # who decided may have slept just before, and have no time left

    def _homes(self, before: ReleaseState, new: ReleaseState) -> None:
        """No shares of two homes, and nothing of one that was let go of."""
        shares = new.intent.traffic.weights if new.intent is not None else ()
        if len({release.home for release in new.releases if release.number in shares}) > 1:
            raise Violation(16, f"{new.intent} has shares of two homes")
        door = self.world.door
        if new.left != before.left and door.base in new.left and not door.is_strange:
            raise Violation(16, "what requests reach is let go of")
        left = [r.number for r in new.startable if r.base in new.left]
        if left:
            raise Violation(16, f"releases {left} are needed, whose home was let go of")

    def saved(self) -> None:
        rows = self.world.ledger.rows.get(MODEL, [])
        if rows[: len(self.rows)] != self.rows:
            raise Violation(1, "a row of history was lost or altered")
        self.rows = list(rows)

    def writes(self, before: Traffic, wanted: Traffic, looks: Looks, unseen: bool) -> None:
        """Called just before a controller's write that its revision lets through. ``unseen``: somebody else
        wrote the alias since it looked, and leads requests by a door; or the other way round. No write of
        one can ask what the other reads.
        """
        state = self.world.ledger.load(MODEL)
        intent = state.intent
        if any(wanted.reads_like(given_up) for given_up in state.overtaken):
            return  # by a controller that slept while the intent was given up
        if unseen and (state.phase is Phase.FROZEN or not before.reads_like(state.traffic)):
            return
        if state.phase is Phase.FROZEN:
            raise Violation(12, "a frozen alias was written")
        if state.paused_by is not None:
            raise Violation(15, f"{state.paused_by} paused, and traffic moved")
        if intent is None or not intent.traffic.reads_like(wanted):
            raise Violation(8, f"a stale controller writes {wanted}; the ledger says {intent}")
        asked = self._asked_since_freeze()
        ours = (state.traffic, intent.traffic, *state.overtaken, None)
        if not asked and state.traffic and not any(before.reads_like(t) for t in ours):
            raise Violation(12, f"somebody else's {before} is overwritten, and nobody asked")
        self._weights(state, before, wanted)
        if intent.kind is IntentKind.ROLL_BACK:
            self._fit(state, wanted.main, looks)
        if wanted.main != before.main and not asked:
            self._deserved(state, wanted.main)

    def wrote(self, before: Traffic, after: Traffic) -> None:
        """Called after a controller changed the alias."""
        if self.world.door.base in self.world.ledger.load(MODEL).left:
            raise Violation(16, f"requests reach {after}, in a home that was let go of")
        if set(after.weights) - self.world.router.versions:
            raise Violation(2, f"the alias names a version that does not exist: {after}")
        if abs(sum(after.weights.values()) - 1) > 1e-9:
            raise Violation(2, f"weights do not sum to 1: {after}")
        for number in set(after.weights) - set(before.weights):
            self.first_weight[number] = self.world.now
        for number in [n for n in self.danger if n not in after.weights]:
            del self.danger[number]

    def deletes(self, number: int) -> None:
        state = self.world.ledger.load(MODEL)
        kept = (state.stable, *state.good[-KEPT_GOOD:])
        if any(r is not None and r.number == number for r in kept):
            raise Violation(6, f"release {number} is deleted, and may be needed")

    def sees_danger(self, number: int, for_good: bool = False) -> None:
        """``for_good``: by evidence, which stays; an alarm that nobody heard in time may clear."""
        self.by_alarm = self.by_alarm and not for_good
        state = self.world.ledger.load(MODEL)
        candidate = state.candidate and state.candidate.number
        alias = self.world.router.alias
        ours = alias is not None and alias.traffic.reads_like(state.traffic)
        over = state.held_since is not None and not is_held(state, self.world.now)
        to_go = state.phase in TRIED or (over and state.paused_by is None)
        able = ours and self.world.router.permitted and not self.world.router.throttled
        if able and to_go and candidate == number and not self.danger:
            self.danger[number] = self.world.now
            self.by_alarm = not for_good
            self.disturbances = 1 if self._leased() else 0

    def hears_no_alarm(self, number: int) -> None:
        if self.by_alarm:
            self.danger.pop(number, None)

    def _leased(self) -> bool:
        """Perhaps by a controller that is dead: the one lease expiry that the 120 s include."""
        return any(until >= self.world.now for _, until in self.world.ledger.leases.values())

    def disturbed(self) -> None:
        """A crash, a stall, a lost wake-up: one is included in the time that a rollback may take."""
        self.disturbances += 1

    def woke(self) -> None:
        """Called after each wake-up."""
        more = max(0, self.disturbances - 1) * MORE_FOR_EACH_DISTURBANCE_S
        for number, since in self.danger.items():
            if self.world.now - since > self.rollback_within_s + more:
                took = self.world.now - since
                raise Violation(5, f"release {number} was seen to be bad {took:.0f} s ago")

    def ends(self) -> None:
        """Called when all faults are over and nothing is left to do."""
        state, alias = self.world.ledger.load(MODEL), self.world.router.alias
        resting = state.phase in RESTING
        undone = [effect for effect in state.outbox if not self._goes_with_its_home(effect)]
        if state.intent is not None or (undone and not resting):
            raise Violation(9, f"left undone: {state.intent}, {undone}")
        if self.world.serving is (state.phase is Phase.STOPPED):
            raise Violation(
                9, f"{state.phase} while it {'serves' if self.world.serving else 'rests'}"
            )
        if state.phase in TRIED:
            raise Violation(9, f"a rollout that does not end: {state.phase}")
        if self.world.ledger.inbox.pending(MODEL) and not resting:
            raise Violation(1, "a message was never heard")
        if state.phase is Phase.FROZEN and not state.reason:
            raise Violation(12, "frozen without a reason")
        observed = alias.traffic if alias else None
        if state.phase not in (Phase.FROZEN, Phase.EMPTY, Phase.STOPPED) and not (
            state.traffic and state.traffic.reads_like(observed)
        ):
            raise Violation(12, f"the ledger says {state.traffic}, the alias {observed}")
        recorded = {row.data.get("by") for row in self.rows}
        for person in self.asked_by:
            if person not in recorded and not resting:
                raise Violation(15, f"what {person} asked is in no record")

    def _goes_with_its_home(self, effect: Effect) -> bool:
        """What a stranger gave shares to, where requests come no more, cannot be deleted by itself."""
        beside = (r.alias for base, r in self.world.routers.items() if base != self.world.door.base)
        named = {number for alias in beside if alias for number in alias.traffic.weights}
        return isinstance(effect, Retire) and not named.isdisjoint(effect.releases)

    def _explained(self, record: NewRecord) -> None:
        if record.kind is RecordKind.ROLLED_BACK:
            numbers = {"evidence", "samples", "reason"} & record.data.keys()
            if not numbers:
                raise Violation(13, f"a rollback without its numbers: {record.text}")

    def _own_evidence(self, before: ReleaseState, record: NewRecord) -> None:
        evidence = record.data.get("evidence")
        if evidence is None:
            return
        begun = self.first_weight.get(evidence["candidate_release"], 0.0)
        if evidence["since"] < begun:
            raise Violation(7, "evidence from before this rollout")
        on_trial = before.on_trial
        if on_trial is None or evidence["candidate_release"] != on_trial.number:
            raise Violation(7, "evidence of another release")

    def _proven_first(self, before: ReleaseState, record: NewRecord) -> None:
        first = before.stable
        if first is None or "ask" in record.data:
            return
        self._minimum(first, before.evidence_since)

    def _weights(self, state: ReleaseState, before: Traffic, wanted: Traffic) -> None:
        for number, weight in wanted.weights.items():
            release = state.release(number)
            grows = weight > before.weights.get(number, 0.0)
            if grows and release is not None and state.quarantined(release):
                raise Violation(4, f"release {number} is quarantined and gains weight")

    def _fit(self, state: ReleaseState, number: int, looks: Looks) -> None:
        """What fails to start after it was probed is nobody's fault: a probe is no part of a write."""
        if all(r.number != number for r in state.good):
            raise Violation(6, f"rollback to release {number}, which is not proven")
        broken_at = self.world.broken_at(number)
        if broken_at is not None and not looks.missed(start_of(number), broken_at):
            raise Violation(6, f"rollback to release {number}, which cannot start")

    def _deserved(self, state: ReleaseState, number: int) -> None:
        """Whoever becomes main is proven, first, asked for by a person, or has its evidence."""
        release = state.release(number)
        proven = [r.number for r in state.good if state.statuses[r.number] is ReleaseStatus.GOOD]
        if number in proven or state.phase is Phase.BASELINE or release is None:
            return
        policy = release.policy
        if policy.strategy is Strategy.ALL_AT_ONCE or self._moves(state, release):
            return
        begun = self.first_weight.get(number, release.requested_at)
        rows = [r for r in self.rows if r.release == number and r.at >= begun]
        promoted = [r for r in rows if r.kind is RecordKind.PROMOTED]
        if any("ask" in r.data or "as its config says" in r.text for r in promoted):
            return
        self._minimum(release, state.evidence_since)

    def _moves(self, state: ReleaseState, release: Release) -> bool:
        return state.stable is not None and state.stable.home != release.home

    def _asked_since_freeze(self) -> bool:
        """Whether the newest word on this alias is a person's, and not that it froze."""
        for row in reversed(self.rows):
            if "ask" in row.data and row.kind is not RecordKind.REFUSED:
                return True
            if row.kind is RecordKind.FROZEN:
                return False
        return False

    def _minimum(self, release: Release, since: float) -> None:
        requests = self.world.requests(release.number, since)
        labels = requests if self.world.labels_come else 0
        policy = release.policy
        if requests < policy.min_requests or labels < policy.labels_needed:
            what = f"release {release.number} after {requests:.0f} requests, {labels:.0f} labels"
            raise Violation(11 if requests < 1 else 3, f"promoted without evidence: {what}")
        if self.world.now - since < policy.bake_s:
            raise Violation(3, f"release {release.number} promoted before its bake was over")
