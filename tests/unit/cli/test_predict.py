"""What ``ladle predict`` shows of an answer."""

from __future__ import annotations

import pytest

from ladle.cli.predict import MAX_CELL, shown


@pytest.mark.parametrize(
    ("prediction", "text"),
    [
        (1, "1"),
        (0.1 + 0.2, "0.3"),
        ("blau ä", '"blau ä"'),
        (
            {"label": 0, "odds": [0.97560071, 2.2494e-07]},
            '{"label": 0, "odds": [0.975601, 2.2494e-07]}',
        ),
    ],
)
def test_numbers_are_rounded_to_what_is_read(prediction: object, text: str) -> None:
    assert shown(prediction) == text


def test_what_is_cut_says_so() -> None:
    text = shown(list(range(1000)))
    assert text.endswith("…")
    assert len(text) == MAX_CELL + 1
