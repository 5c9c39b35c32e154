"""The embedded door draws as Lambda does: each request by itself, by the alias's own weights."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ladle.embedded.routing import choose
from ladle.policy.traffic import Traffic


@given(st.floats(0, 1, exclude_max=True))
def test_without_a_canary_every_request_goes_to_the_main_release(draw: float) -> None:
    assert choose(Traffic(7), draw) == 7


@given(st.floats(0.001, 1), st.floats(0, 1, exclude_max=True))
def test_the_canary_gets_exactly_the_draws_below_its_weight(weight: float, draw: float) -> None:
    assert choose(Traffic(7, 8, weight), draw) == (8 if draw < weight else 7)


def test_the_share_that_is_drawn_is_the_weight() -> None:
    draws = random.Random(1)
    traffic = Traffic(7, 8, 0.1)
    n = 20_000
    canary = sum(choose(traffic, draws.random()) == 8 for _ in range(n))
    assert abs(canary / n - 0.1) < 4 * (0.1 * 0.9 / n) ** 0.5
