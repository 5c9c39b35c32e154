"""The bound on a candidate's own rate."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.verdicts import ArmCounts
from ladle.quality.event_share import log_mean_exp
from ladle.quality.rate_bound import earned_under


def log_e(bound: float, arms: list[ArmCounts]) -> float:
    together = ArmCounts(sum(a.exposed for a in arms), sum(a.events for a in arms))
    return log_mean_exp(earned_under(bound, together))


@given(bound=st.floats(0.001, 0.5), n=st.integers(1, 60))
def test_a_rate_at_the_bound_makes_no_bet_rich(bound: float, n: int) -> None:
    mean = math.fsum(
        math.comb(n, x)
        * bound**x
        * (1 - bound) ** (n - x)
        * math.exp(log_e(bound, [ArmCounts(n, x)]))
        for x in range(n + 1)
    )
    assert mean <= 1 + 1e-9


def test_a_release_that_never_fails_is_fine_after_some_thousand_requests() -> None:
    limit = math.log(100)
    few = log_e(0.005, [ArmCounts(500, 0)])
    enough = log_e(0.005, [ArmCounts(100, 0)] * 20)
    assert few < limit <= enough


def test_failures_above_the_bound_speak_against_it() -> None:
    assert log_e(0.005, [ArmCounts(1000, 20)]) < 0
