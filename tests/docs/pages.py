"""The pages that people read, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_TICKED = re.compile(r"`([^`\n]+)`")


def pages(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def links(page: Path) -> Iterator[str]:
    """Targets inside this repository."""
    for target in _LINK.findall(_FENCE.sub("", text_of(page))):
        if "://" not in target and not target.startswith("mailto:"):
            yield target


def ticked(page: Path) -> Iterator[str]:
    """What stands in backticks within sentences and tables."""
    yield from _TICKED.findall(_FENCE.sub("", text_of(page)))


def commands(page: Path, program: str) -> Iterator[str]:
    """Lines of its shell blocks that call ``program``, without what the shell makes of them."""
    for language, block in _FENCE.findall(text_of(page)):
        if language == "sh":
            for part in re.split(r"\n|&&", block):
                if part.strip().startswith(f"{program} "):
                    yield part.strip()


def anchors(page: Path) -> set[str]:
    """Headings as Git hosts name them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
