"""How often each class is got wrong: by the true class, which a candidate cannot choose.

A class is a number below 50 or a truth value; anything else is counted as right or wrong only, so that
no label makes the counters of a window grow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ladle.quality.counts import MICRO, Counts
from ladle.quality.labels import LabelValue, written

CLASSES = 50
_LABELLED, _WRONG = "c", "cw"


class Recall(NamedTuple):
    """Labelled requests of a true class, and how many of them were answered rightly."""

    labelled: float
    right: float

    @property
    def share(self) -> float:
        return self.right / self.labelled


def tallies(true: LabelValue, labelled_micro: int, wrong_micro: int) -> Mapping[str, int]:
    """What one label adds."""
    name = _name(written(true))
    if name is None:
        return {}
    found = {f"{_LABELLED}.{name}": labelled_micro}
    return {**found, f"{_WRONG}.{name}": wrong_micro} if wrong_micro else found


def recalls(counts: Counts) -> Mapping[str, Recall]:
    """By class."""
    found = {}
    for key, labelled in sorted(counts.tallies.items()):
        kind, _, name = key.partition(".")
        if kind == _LABELLED and labelled > 0:
            wrong = counts.tallies.get(f"{_WRONG}.{name}", 0)
            found[name] = Recall(labelled / MICRO, (labelled - wrong) / MICRO)
    return found


def _name(text: str) -> str | None:
    if text in ("true", "false"):
        return text
    is_class = text.isascii() and text.isdigit() and len(text) <= 2 and int(text) < CLASSES
    return str(int(text)) if is_class else None
