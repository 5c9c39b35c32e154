"""What else changed in the counters when accuracy did: the mix of callers is seen in what they send.

Rates of the same length on both sides of a change, a week at most, so that days of the week weigh alike.
Told are only differences that are large and no chance: a ratio beyond its bound, and z of at least 4.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ladle.why.change import Change
from ladle.why.season import DAY_S
from ladle.why.series import Series, Tally
from ladle.why.words import count, percent

_LONGEST_S = 7 * DAY_S
_CLEAR_Z = 4.0


def alongside(found: Series, change: Change) -> Iterator[str]:
    """Sentences, without their records."""
    first, last = (int((t - found.start) // found.bin_s) for t in (change.began, change.ended))
    length = min(first, found.bins - last, int(_LONGEST_S // found.bin_s))
    before, after = found.between(first - length, first), found.between(last, last + length)
    if not length or not before.requests or not after.requests:
        return
    hours = length * found.bin_s / 3600
    if _differs(before.requests, after.requests, 1.5):
        pair = f"{count(before.requests / hours)} to {count(after.requests / hours)}"
        yield f"requests went from {pair} an hour: who asks may have changed with it"
    if _shares_differ(before, after, "labelled", 1.25):
        pair = _pair(before, after, "labelled")
        yield (
            f"the share of requests that got a label went from {pair}: which answers are labelled "
            "may have changed, and accuracy with it"
        )
    if _shares_differ(before, after, "rejected", 2.0):
        pair = _pair(before, after, "rejected")
        yield f"requests refused for what the caller sent went from {pair}: callers changed"
    if _shares_differ(before, after, "failed", 2.0):
        yield f"failed requests went from {_pair(before, after, 'failed')}"


def _shares_differ(before: Tally, after: Tally, name: str, ratio: float) -> bool:
    a, b = getattr(before, name), getattr(after, name)
    pooled = (a + b) / (before.requests + after.requests)
    if not 0 < pooled < 1:
        return False
    spread = math.sqrt(pooled * (1 - pooled) * (1 / before.requests + 1 / after.requests))
    apart = abs(a / before.requests - b / after.requests)
    return apart >= _CLEAR_Z * spread and _differs(a / before.requests, b / after.requests, ratio)


def _differs(a: float, b: float, ratio: float) -> bool:
    return max(a, b) >= ratio * min(a, b)


def _pair(before: Tally, after: Tally, name: str) -> str:
    shares = (getattr(side, name) / side.requests for side in (before, after))
    return " to ".join(percent(share) for share in shares)
