"""The bets: their mean while the candidate is harmless, their algebra, their range."""

from __future__ import annotations

import math
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.rollout import Guard, GuardName
from ladle.policy.verdicts import ArmCounts
from ladle.quality.event_share import (
    BETTER_RATIOS,
    WORSE_PARTS,
    WORSE_RATIOS,
    Bet,
    Margin,
    Pair,
    earned,
    growth,
    log_mean_exp,
)
from ladle.quality.tally import bets_against

counts = st.integers(0, 10**9)
ratios = st.sampled_from(WORSE_RATIOS + BETTER_RATIOS)
margins = st.builds(Margin, st.floats(1, 3), st.floats(0, 0.2))


@st.composite
def arms(draw: st.DrawFn) -> ArmCounts:
    exposed = draw(counts)
    return ArmCounts(float(exposed), float(draw(st.integers(0, exposed))))


pairs = st.builds(Pair, arms(), arms())


def _binomial(n: int, k: int, p: float) -> float:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def _mean_capital(bet: Bet, stable: tuple[int, float], candidate: tuple[int, float]) -> float:
    (n_s, p_s), (n_c, p_c) = stable, candidate
    return math.fsum(
        _binomial(n_s, x_s, p_s)
        * _binomial(n_c, x_c, p_c)
        * math.exp(growth(bet, Pair(ArmCounts(n_s, x_s), ArmCounts(n_c, x_c))))
        for x_s, x_c in product(range(n_s + 1), range(n_c + 1))
    )


@given(
    ratio=st.sampled_from(WORSE_RATIOS),
    margin=margins,
    p=st.floats(0, 1),
    n_s=st.integers(1, 8),
    n_c=st.integers(1, 8),
    on_good=st.booleans(),
)
def test_a_candidate_at_the_edge_of_harmless_makes_no_bet_rich(
    ratio: float, margin: Margin, p: float, n_s: int, n_c: int, on_good: bool
) -> None:
    """The exact mean over all outcomes, not a simulation."""
    if on_good:
        margin, ratio = Margin(points=margin.points), 1 / ratio
    worst = min(1.0, p * margin.ratio + margin.points)
    bet = Bet(ratio, margin, on_good)
    assert _mean_capital(bet, (n_s, p), (n_c, worst)) <= 1 + 1e-9


@given(
    ratio=st.sampled_from(BETTER_RATIOS),
    margin=margins,
    p=st.floats(0, 1),
    n_s=st.integers(1, 8),
    n_c=st.integers(1, 8),
)
def test_a_candidate_that_is_just_harmful_does_not_pass_for_not_worse(
    ratio: float, margin: Margin, p: float, n_s: int, n_c: int
) -> None:
    harmful = p * margin.ratio + margin.points
    if harmful <= 1:
        assert _mean_capital(Bet(ratio, margin), (n_s, p), (n_c, harmful)) <= 1 + 1e-9


@given(ratio=st.sampled_from(WORSE_RATIOS), x=st.floats(0, 1), w=st.floats(0.01, 0.99))
def test_a_batch_is_worth_no_more_than_its_part_of_an_event(
    ratio: float, x: float, w: float
) -> None:
    """Chance deals one request, of whose rows the part ``x`` is wrong, to either release."""
    bet = Bet(ratio)

    def capital(stable: float, candidate: float) -> float:
        return math.exp(growth(bet, Pair(ArmCounts(1 - w, stable), ArmCounts(w, candidate))))

    assert w * capital(0, x) + (1 - w) * capital(x, 0) <= 1 + 1e-9


@given(bet=st.builds(Bet, ratios, margins, st.booleans()), pair=pairs)
def test_no_count_makes_the_evidence_overflow(bet: Bet, pair: Pair) -> None:
    assert math.isfinite(growth(bet, pair))
    assert math.isfinite(earned([bet], [pair, pair]))


@given(
    bet=st.builds(Bet, ratios, margins),
    n_s=st.integers(1, 1000),
    n_c=st.integers(1, 1000),
    events=st.tuples(*[st.integers(0, 1000)] * 4),
)
def test_windows_with_equal_shares_add_up(
    bet: Bet, n_s: int, n_c: int, events: tuple[int, int, int, int]
) -> None:
    a = Pair(ArmCounts(n_s, events[0]), ArmCounts(n_c, events[1]))
    b = Pair(ArmCounts(n_s, events[2]), ArmCounts(n_c, events[3]))
    both = Pair(
        ArmCounts(2 * n_s, events[0] + events[2]), ArmCounts(2 * n_c, events[1] + events[3])
    )
    assert growth(bet, a) + growth(bet, b) == pytest.approx(growth(bet, both), abs=1e-6)


@given(ratio=st.sampled_from(WORSE_RATIOS), wider=st.lists(st.floats(1, 3)), pair=pairs)
def test_a_wider_ratio_never_makes_a_candidate_look_worse(
    ratio: float, wider: list[float], pair: Pair
) -> None:
    nats = [growth(Bet(ratio, Margin(ratio=m)), pair) for m in sorted(wider)]
    assert all(b <= a + 1e-9 * abs(a) for a, b in pairwise(nats))


@given(
    ratio=st.sampled_from(WORSE_RATIOS),
    wider=st.lists(st.floats(0, 0.5)),
    pair=pairs,
    on_good=st.booleans(),
)
def test_a_wider_difference_never_makes_a_candidate_look_worse(
    ratio: float, wider: list[float], pair: Pair, on_good: bool
) -> None:
    bets = [Bet(1 / ratio if on_good else ratio, Margin(points=d), on_good) for d in sorted(wider)]
    nats = [growth(bet, pair) for bet in bets]
    assert all(b <= a + 1e-9 * abs(a) for a, b in pairwise(nats))


@given(bet=st.builds(Bet, ratios, margins), arm=arms())
def test_one_release_alone_is_no_evidence(bet: Bet, arm: ArmCounts) -> None:
    nobody = ArmCounts(0.0, 0.0)
    assert growth(bet, Pair(arm, nobody)) == growth(bet, Pair(nobody, arm)) == 0.0


def test_one_more_failure_of_the_candidate_is_evidence_and_of_the_stable_release_is_relief() -> (
    None
):
    before = Pair(ArmCounts(900, 9), ArmCounts(100, 1))
    worse = Pair(ArmCounts(900, 9), ArmCounts(100, 2))
    better = Pair(ArmCounts(900, 10), ArmCounts(100, 1))
    for ratio in WORSE_RATIOS:
        bet = Bet(ratio)
        assert growth(bet, worse) > growth(bet, before) > growth(bet, better)


def test_the_mean_of_capitals_is_taken_in_logs() -> None:
    assert log_mean_exp([2000.0, -2000.0]) == pytest.approx(2000 - math.log(2))
    assert log_mean_exp([0.0, 0.0, 0.0]) == 0.0


def test_the_parts_of_the_capital_sum_to_the_whole() -> None:
    assert math.fsum(WORSE_PARTS.values()) == pytest.approx(1)
    margins = [{"worse_than": 1.2}, {"worse_by": 0.005}]
    for bets in (bets_against(Guard(GuardName.ACCURACY, **margin)) for margin in margins):
        assert math.fsum(bet.part for bet in bets) == pytest.approx(1)
