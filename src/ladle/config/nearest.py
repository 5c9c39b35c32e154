"""What somebody may have meant: the closest of the words that would have been right."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, right: Iterable[str]) -> str | None:
    """None when nothing is close enough to be worth saying."""
    from difflib import get_close_matches  # only a mistake needs it

    by_lower = {r.lower(): r for r in right}
    close = get_close_matches(word.lower().replace("-", "_"), by_lower, n=1, cutoff=0.7)
    close = close or get_close_matches(word.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, right: Iterable[str]) -> str:
    """`` (did you mean "x"?)`` or nothing; for the end of a message."""
    close = nearest(word, right)
    return f'; did you mean "{close}"?' if close else ""
