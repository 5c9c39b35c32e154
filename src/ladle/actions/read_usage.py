"""What a deployed model was asked for lately, by its counters."""

from __future__ import annotations

from collections import Counter

from ladle.errors import NotFound
from ladle.planning.usage import Usage, bin_ms, observed
from ladle.policy.rollout import RolloutPolicy
from ladle.ports import CounterStore, ReleaseLedger
from ladle.releases.state import ReleaseState

# A day of windows of a minute; shorter windows are looked at for less long.
WINDOWS = 1440


def read_usage(
    ledger: ReleaseLedger, counters: CounterStore, model: str, now: float
) -> tuple[Usage | None, str | None]:
    """Its usage, and the release digest handed over last; None for what there is not.

    Raises Unavailable, NeedsCredentials.
    """
    try:
        state = ledger.load(model)
    except NotFound:  # no platform, so no model either
        return None, None
    policy = _newest_policy(state)
    if policy is None:
        return None, state.handed_over
    since = now - WINDOWS * policy.window_s
    windows = [w for r in state.releases for w in counters.read(model, r.number, since)]
    if not windows:
        return None, state.handed_over
    latency: Counter[int] = Counter()
    for window in windows:
        latency.update(window.counts.latency)
    seconds = now - min(window.start for window in windows)
    requests = sum(window.counts.requests for window in windows)
    return observed(requests, bin_ms(latency.items()), seconds), state.handed_over


def _newest_policy(state: ReleaseState) -> RolloutPolicy | None:
    return max(state.releases, key=lambda r: r.number).policy if state.releases else None
