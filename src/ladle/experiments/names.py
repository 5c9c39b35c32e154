"""How an experiment is named by a person: its id, or a prefix of at least six digits."""

from __future__ import annotations

from collections.abc import Sequence

from ladle.errors import LadleError, NotFound

MIN_DIGITS = 6
ID_DIGITS = 64


def read_id(text: str) -> str:
    """The digits of an id or prefix. Raises LD302 for anything else."""
    digits = text.strip().lower().removeprefix("sha256:")
    if set(digits) <= set("0123456789abcdef") and MIN_DIGITS <= len(digits) <= ID_DIGITS:
        return digits
    raise LadleError(
        "LD302",
        f"{text!r} is not the id of an experiment: {MIN_DIGITS} to {ID_DIGITS} hex digits",
        "ladle log shows the ids",
    )


def unknown(text: str) -> NotFound:
    return NotFound("LD301", f"there is no experiment {text[:12]} in this workspace", "ladle log")


def ambiguous(text: str, ids: Sequence[str]) -> LadleError:
    shown = ", ".join(sorted(ids)[:3])
    return LadleError(
        "LD302", f"{text} names {len(ids)} experiments: {shown}", "give more of its digits"
    )
