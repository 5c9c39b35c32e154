"""A release whose windows or timers are shorter than a minute is looked at each second."""

from __future__ import annotations

from ladle.releases.state import ReleaseState

MINUTE_S = 60.0
SECOND_S = 1.0


def pause_after(state: ReleaseState) -> float:
    """Seconds until this model should be looked at again, if no event comes first."""
    trial = state.on_trial
    if trial is None:
        return MINUTE_S
    policy = trial.policy
    shortest = min(policy.window_s, policy.bake_s, policy.holdback_s, policy.max_s)
    return SECOND_S if shortest < MINUTE_S else MINUTE_S
