"""Who asked, against how they were answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.verdicts import ArmCounts
from ladle.why.mix import FEWEST, mixes

arms = st.integers(FEWEST, 500).flatmap(
    lambda n: st.integers(0, n).map(lambda k: ArmCounts(float(n), float(k)))
)
sides = st.fixed_dictionaries({f"region={name}": arms for name in ("eu", "us", "asia")})


@given(sides, sides)
def test_both_parts_are_the_whole_difference(
    before: dict[str, ArmCounts], after: dict[str, ArmCounts]
) -> None:
    (mix,) = mixes(before, after)
    rates = [
        sum(a.events for a in s.values()) / sum(a.exposed for a in s.values())
        for s in (before, after)
    ]
    assert mix.by_mix + mix.within == pytest.approx(rates[1] - rates[0], abs=1e-9)


def test_callers_that_moved_explain_a_loss_that_no_segment_had() -> None:
    before = {"region=eu": ArmCounts(800, 40), "region=us": ArmCounts(200, 60)}
    after = {"region=eu": ArmCounts(200, 10), "region=us": ArmCounts(800, 240)}
    (mix,) = mixes(before, after)
    assert mix.within == pytest.approx(0)
    assert mix.by_mix == pytest.approx(0.15)
    assert mix.moved in ("region=eu", "region=us")


def test_a_model_that_became_worse_everywhere_is_not_excused_by_who_asks() -> None:
    before = {"region=eu": ArmCounts(500, 25), "region=us": ArmCounts(500, 50)}
    after = {"region=eu": ArmCounts(500, 75), "region=us": ArmCounts(500, 100)}
    (mix,) = mixes(before, after)
    assert (mix.by_mix, mix.within) == (pytest.approx(0), pytest.approx(0.1))


def test_segments_with_few_labels_are_taken_together_and_a_lone_one_says_nothing() -> None:
    small = {f"region={k}": ArmCounts(20, 2) for k in range(10)}
    (mix,) = mixes(
        {"region=eu": ArmCounts(500, 5), **small}, {"region=eu": ArmCounts(500, 5), **small}
    )
    assert mix.moved in ("region=eu", "other")
    assert list(mixes({"region=eu": ArmCounts(500, 5)}, {"region=eu": ArmCounts(500, 9)})) == []
