"""Evidence beside the alarms that people set: false rollbacks, and how soon a bad release is found.

Every rule reads the same simulated windows (a tenth of ten requests a second, for an hour) and is
looked at once a minute. Prints, for each rule, the share of equal candidates that it rolls back and
the median of the requests that a bad candidate served before it was found; then the ratios to the
event-share evidence. A rule that rolls back equal candidates is fast for that reason alone.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.evidence import judge
from ladle.simulation.streams import Rate, Traffic, constant, failing, outage

MINUTES = 60
TRAFFIC = Traffic(per_window=600, candidate_share=0.1)
BASE = 0.01

Arms = tuple[Sequence[Window], Sequence[Window]]
Rule = Callable[[Arms], int | None]  # the minute in which it rolls back, counted from 1

GUARD = Guard(GuardName.FAILURES, worse_than=1.0)
MARGIN = Guard(GuardName.FAILURES, worse_than=1.2)


def event_share(guard: Guard) -> Rule:
    """Bisects for the minute, since a verdict of WORSE stays."""
    policy = RolloutPolicy(guards=(guard,))

    def worse(arms: Arms, minutes: int) -> bool:
        found = judge(arms[0][:minutes], arms[1][:minutes], policy, 0.0, (1, 2))
        return found.worst is not None

    def rule(arms: Arms) -> int | None:
        if not worse(arms, MINUTES):
            return None
        low, high = 0, MINUTES
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if worse(arms, middle) else (middle, high)
        return high

    return rule


def threshold(rate: float, of: int, needed: int) -> Rule:
    """CloudWatch: the candidate's failure rate above ``rate`` in ``needed`` of ``of`` minutes."""
    return _m_of_n(lambda _stable, own: _rate(own) > rate, of, needed)


def any_failure(of: int, needed: int) -> Rule:
    return _m_of_n(lambda _stable, own: own.failed > 0, of, needed)


def relative(factor: float, of: int, needed: int) -> Rule:
    """The candidate's failure rate above ``factor`` times the rate that is known from before."""
    return _m_of_n(lambda _stable, own: _rate(own) > factor * BASE, of, needed)


def peeked_z(arms: Arms) -> int | None:
    """A one-sided two-proportion z-test at 1 %, repeated each minute on all data so far."""
    stable, own = Counts(), Counts()
    for minute, (s, c) in enumerate(zip(*arms, strict=True), start=1):
        stable, own = stable + s.counts, own + c.counts
        pooled = (stable.failed + own.failed) / max(1, stable.requests + own.requests)
        if 0 < pooled < 1 and stable.requests and own.requests:
            spread = math.sqrt(pooled * (1 - pooled) * (1 / stable.requests + 1 / own.requests))
            if (_rate(own) - _rate(stable)) / spread > 2.326:
                return minute
    return None


def _m_of_n(breaches: Callable[[Counts, Counts], bool], of: int, needed: int) -> Rule:
    def rule(arms: Arms) -> int | None:
        marks: list[bool] = []
        for minute, (stable, own) in enumerate(zip(*arms, strict=True), start=1):
            marks.append(breaches(stable.counts, own.counts))
            if sum(marks[-of:]) >= needed:
                return minute
        return None

    return rule


def _rate(counts: Counts) -> float:
    return counts.failed / max(1, counts.requests)


RULES: dict[str, Rule] = {
    "event share": event_share(GUARD),
    "event share, 1.2x is harmless": event_share(MARGIN),
    "z-test looked at each minute": peeked_z,
    "any failure, 2 of 2": any_failure(2, 2),
    "over 5 %, 1 of 1": threshold(0.05, 1, 1),
    "over 5 %, 3 of 5": threshold(0.05, 5, 3),
    "over twice the usual, 3 of 5": relative(2, 5, 3),
}
EQUAL: dict[str, Rate] = {
    "equal": constant(BASE),
    "equal, both fail": outage(BASE, 0.2, 20, 29),
}
WORSE: dict[str, float] = {"1 to 3 %": 0.03, "1 to 10 %": 0.1, "1 to 100 %": 1.0}


def false_rollbacks(rule: Rule, rate: Rate, runs: int) -> float:
    rolled_back = 0
    for seed in range(runs):
        arms = failing(random.Random(seed), TRAFFIC, MINUTES, rate, rate)
        rolled_back += rule(arms) is not None
    return rolled_back / runs


def requests_to_find(rule: Rule, rate: float, runs: int) -> tuple[float, float]:
    """The share of runs in which it was found within the hour, and the median over all runs."""
    served = []
    for seed in range(runs):
        arms = failing(random.Random(seed), TRAFFIC, MINUTES, constant(BASE), constant(rate))
        minute = rule(arms)
        counts = arms[1][: minute or 0]
        served.append(sum(w.counts.requests for w in counts) if minute else math.inf)
    return sum(map(math.isfinite, served)) / runs, statistics.median(served)


def cost_us_per_window() -> float:
    """CPU of one look at 1,440 windows with all three guards, a window."""
    stable, candidate = (
        [_with_labels(w) for w in arm]
        for arm in failing(random.Random(0), TRAFFIC, 1440, constant(BASE), constant(BASE))
    )
    accuracy = Guard(GuardName.ACCURACY, worse_by=0.005)
    guards = (MARGIN, Guard(GuardName.LATENCY, worse_than=1.2), accuracy)
    policy = RolloutPolicy(guards=guards, labels_expected=True)
    begun = time.process_time()
    for _ in range(3):
        judge(stable, candidate, policy, 0.0, (1, 2))
    return (time.process_time() - begun) / 3 / 1440 * 1e6


def _with_labels(window: Window) -> Window:
    n = window.counts.requests
    more = Counts(labelled_micro=n * MICRO // 2, wrong_micro=n * MICRO // 20, latency={5: n})
    return Window(window.start, window.counts + more)


def main(runs: int) -> None:
    found = {name: _row(rule, runs) for name, rule in RULES.items()}
    head = [*(f"{name}: false" for name in EQUAL), *(f"{name}: served" for name in WORSE)]
    print(f"{runs} rollouts a cell; (found in n % of them within the hour)\n")
    print(f"{'':32}" + "".join(f"{h:>24}" for h in head))
    ours = found["event share"]
    for name, (false, served) in found.items():
        cells = [f"{100 * rate:.1f} %" for rate in false]
        for (share, median), (_, own) in zip(served, ours[1], strict=True):
            ratio = f"{median / own:.1f}x" if math.isfinite(median) else "never"
            cells.append(f"{median:.0f} ({100 * share:.0f} %) {ratio}")
        print(f"{name:32}" + "".join(f"{cell:>24}" for cell in cells))
    print(f"\none look costs {cost_us_per_window():.0f} us of CPU for each window and model")


def _row(rule: Rule, runs: int) -> tuple[list[float], list[tuple[float, float]]]:
    false = [false_rollbacks(rule, rate, runs) for rate in EQUAL.values()]
    return false, [requests_to_find(rule, rate, runs) for rate in WORSE.values()]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
