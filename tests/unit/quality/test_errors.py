"""How far a regression is off."""

from __future__ import annotations

import math
import random
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality import errors
from ladle.quality.counts import MICRO, Counts, Window, total
from ladle.quality.evidence import judge
from ladle.quality.labels import AcceptedLabel, Label, PredictionRows, TextDigest
from ladle.quality.measures import measured
from ladle.quality.outcomes import deltas, judged

pairs = st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
ERROR = Guard(GuardName.ERROR, worse_than=1.05)
POLICY = RolloutPolicy(guards=(ERROR,), labels_expected=True)


def counted(predicted: float, true: float, micro: int = MICRO) -> Counts:
    return Counts(1, labelled_micro=micro, tallies=errors.tallies(predicted, true, micro))


def window(start: float, spread: float, labels: int, draws: random.Random) -> Window:
    labelled = [counted(draws.gauss(0, spread), 0.0) for _ in range(labels)]
    return Window(start, sum(labelled, Counts()))


def rollout(seed: int, spread: float, windows: int = 60) -> tuple[list[Window], list[Window]]:
    draws = random.Random(seed)
    stable = [window(60.0 * k, 10.0, 40, draws) for k in range(-4, windows)]
    return stable, [window(60.0 * k, spread, 8, draws) for k in range(windows)]


@given(st.lists(pairs, min_size=1, max_size=30))
def test_the_measures_are_those_of_the_definition(labels: list[tuple[float, float]]) -> None:
    seen = measured(sum((counted(p, t) for p, t in labels), Counts()))
    off = [p - t for p, t in labels]
    n = len(off)
    assert seen["mae"] == pytest.approx(sum(map(abs, off)) / n, abs=1e-5)
    assert seen["rmse"] == pytest.approx(math.sqrt(sum(e * e for e in off) / n), rel=1e-6, abs=1e-4)
    assert seen["bias"] == pytest.approx(sum(off) / n, abs=1e-5)
    assert "accuracy" not in seen


@given(st.lists(pairs, min_size=1, max_size=20), st.randoms())
def test_the_counters_add_up_in_any_order(
    labels: list[tuple[float, float]], draws: random.Random
) -> None:
    parts = [counted(p, t) for p, t in labels]
    shuffled = draws.sample(parts, len(parts))
    assert sum(parts, Counts()) == sum(shuffled, Counts())


@given(st.floats(-1e12, 1e12))
def test_a_bin_reaches_from_half_a_power_of_two_to_the_next(error: float) -> None:
    size = min(abs(error), 1e9)
    (name,) = [k for k in errors.tallies(error, 0.0, MICRO) if k.startswith("e.")]
    upper = 2 ** (int(name[2:]) / 2)
    assert size <= upper * (1 + 1e-9)
    assert size > upper / 2**0.5 * (1 - 1e-9) or upper <= 1e-6


@pytest.mark.parametrize("value", ["", "dear", math.inf, math.nan, TextDigest(b"abcd")])
def test_what_is_no_number_is_as_wrong_as_can_be(value: str | float | TextDigest) -> None:
    stable = Window(-60, sum((counted(1.0, 0.0) for _ in range(200)), Counts()))
    scale = errors.freeze([stable], 0.0)
    assert scale is not None
    lost = Counts(1, labelled_micro=MICRO, tallies=errors.tallies(value, 1.0, MICRO))
    assert scale.read(lost) == (1.0, 1.0)
    assert measured(lost) == {}


@given(st.floats(1e-3, 1e3))
def test_the_loss_is_the_same_in_any_unit(unit: float) -> None:
    """But for the bins' width of half a power of two."""
    shares = []
    for by in (1.0, unit):
        draws = random.Random(1)
        stable = window(-60, by, 400, draws)
        scale = errors.freeze([stable], 0.0)
        assert scale is not None
        exposed, lost = scale.read(stable.counts)
        shares.append(lost / exposed)
    assert shares[1] == pytest.approx(shares[0], rel=0.45)


def test_a_model_that_is_further_off_is_found() -> None:
    evidence = judge(*rollout(1, 18.0), POLICY, 0.0, (1, 2))
    assert evidence.worst is not None
    assert evidence.worst.guard is GuardName.ERROR


def test_the_promised_rate_of_false_rollbacks_holds() -> None:
    """Of 60 equal rollouts 0.6 may fall on average; four or more do once in three hundred times."""
    false = sum(
        judge(*rollout(seed, 10.0, 40), POLICY, 0.0, (1, 2)).worst is not None for seed in range(60)
    )
    assert false <= 3


def test_a_harmless_difference_is_told_in_the_labels_own_unit() -> None:
    stable, candidate = rollout(2, 15.0)
    strict, lenient = (
        judge(
            stable,
            candidate,
            RolloutPolicy(guards=(Guard(GuardName.ERROR, worse_by=by),), labels_expected=True),
            0.0,
            (1, 2),
        )
        for by in (0.01, 8.0)
    )
    assert strict.log_e > 4.6 > lenient.log_e


def test_without_enough_labels_of_the_stable_release_there_is_no_scale() -> None:
    few = [window(-60, 1.0, 99, random.Random(1))]
    assert errors.freeze(few, 0.0) is None
    assert judge(few, [], POLICY, 0.0, (1, 2)).guards[0].alive is False


def test_sums_that_were_corrected_are_those_of_the_last_value() -> None:
    """Deltas may be negative: what stays is what the last label says."""
    rows = PredictionRows("m", "A" * 22, 7, 60.0, 1, 0, (5.0,))
    first, second = (judged(rows, Label("A" * 22, 0, v, 0.0, "team"), True) for v in (1.0, 4.0))
    added = [
        deltas("m", AcceptedLabel(0, first, None, counts=True, new=True)),
        deltas("m", AcceptedLabel(1, second, first, counts=True, new=True)),
    ]
    sums = list(accumulate((c for d in added for c in d.values()), Counts.__add__))
    right = errors.tallies(5.0, 4.0, MICRO)
    assert measured(sums[-1]) == measured(Counts(tallies=right))
    assert total([Window(0, sums[-1])]) == sums[-1]
