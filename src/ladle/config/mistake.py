"""A mistake knows every key that it follows from, so that no key is blamed twice."""

from __future__ import annotations

from dataclasses import dataclass

from ladle.config.document import Path


@dataclass(frozen=True, slots=True)
class Mistake:
    """``path`` is where it is shown, ``reads`` every key it follows from."""

    path: Path
    code: str
    what: str
    fix: str
    reads: tuple[Path, ...]
    on_key: bool = False
