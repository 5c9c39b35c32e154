"""What a release shares with others is not held against it: its rollback waits, and people are told.

Two signs of a shared cause. Lambda's own alarm rings on both releases: going back would change
nothing. Or several models of the account want to roll back within minutes, and the release beside
this one suffers too: one outage should not take a release from each of them. A hold ends by itself,
so that it costs minutes at the most: what is still worse then is rolled back, what is not goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ladle.policy.statuses import Phase
from ladle.policy.verdicts import GuardVerdict
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.moves import unchanged, with_notice
from ladle.releases.state import ReleaseState
from ladle.values import replace

STORM_MODELS = 3
STORM_WINDOW_S = 300.0
HOLD_S = 300.0
SHARED_PART = 1 / 3  # of the candidate's rate of bad outcomes that the stable release shows too


def wanted_to_roll_back(state: ReleaseState, now: float) -> bool:
    """Whether this model rolled back by itself, or was held, within the last minutes."""
    times = [*state.rollback_times, *(() if state.held_since is None else (state.held_since,))]
    return any(0 <= now - at <= STORM_WINDOW_S for at in times)


def is_storm(others: Sequence[str]) -> bool:
    return len(others) + 1 >= STORM_MODELS


def may_be_shared(guard: GuardVerdict) -> bool:
    """Whether the release beside it suffers too; what ails the candidate alone is the candidate's."""
    candidate, stable = guard.candidate.rate, guard.stable.rate
    return candidate is None or stable is None or stable >= SHARED_PART * candidate


def is_held(state: ReleaseState, now: float) -> bool:
    return state.held_since is not None and now - state.held_since < HOLD_S


def hold(state: ReleaseState, why: str, data: Mapping[str, Any], now: float) -> Decision:
    """The shares stay as they are; people are told once."""
    if is_held(state, now):
        return unchanged(state, state.reason)
    first = state.held_since is None
    candidate = state.the_candidate.number
    text = (
        f"the rollback of release {candidate} is held for {HOLD_S:.0f} s: {why}; "
        "ladle rollback does it now, ladle pause keeps it off"
    )
    state = replace(
        state,
        phase=Phase.PAUSED,
        paused_from=state.paused_from if state.phase is Phase.PAUSED else state.phase,
        held_since=now,
        reason=text,
    )
    if first:
        state = with_notice(state, f"{state.model}: rollback held, shared cause?", text)
    return Decision(state, (NewRecord(RecordKind.PAUSED, candidate, text, data),))


def go_on(state: ReleaseState) -> Decision:
    """The hold is over and nothing says worse: the trial goes on with its clock and its evidence."""
    phase = state.paused_from or Phase.STABLE
    text = (
        f"release {state.the_candidate.number} is tried on: nothing calls for a rollback any more"
    )
    state = replace(state, phase=phase, paused_from=None, held_since=None, reason="")
    return Decision(state, (NewRecord(RecordKind.RESUMED, None, text),))
