"""How times, counts and rates read to a person; nothing here knows what they are of."""

from __future__ import annotations

from datetime import UTC, datetime

_SPANS = ((120.0, 1.0, "s"), (7200.0, 60.0, "min"), (172_800.0, 3600.0, "h"))


def moment(at: float) -> str:
    """``2026-11-23 10:12:07 UTC``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: float) -> str:
    """``47 s``, ``12 min``, ``3.5 h``, ``2.1 d``."""
    for limit, size, unit in _SPANS:
        if seconds < limit:
            return f"{_short(max(seconds, 0.0) / size)} {unit}"
    return f"{_short(seconds / 86_400)} d"


def count(n: float) -> str:
    """``1,437``; a fraction of a request shows one digit while the number is small."""
    return f"{n:,.0f}" if n >= 100 or n == round(n) else f"{n:,.1f}"


def percent(rate: float) -> str:
    """Three figures at most, and never a bare 0 for something that happened: ``<0.01 %``."""
    if 0 < rate < 0.0001:
        return "<0.01 %"
    return f"{100 * rate:.3g} %"


def plural(n: float, noun: str) -> str:
    return f"{count(n)} {noun}{'' if n == 1 else 's'}"


def _short(n: float) -> str:
    """Two figures below ten, whole numbers above: enough for a person."""
    return f"{n:.1f}".removesuffix(".0") if n < 9.95 else f"{n:.0f}"


def listed(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
