"""The dependency rule that people read is the one that import-linter checks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tests.docs.pages import text_of

_RULE = re.compile(r"^## Dependency rule$.*?^```$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WHOLE_PACKAGE = {"ladle", "__main__"}  # the page begins with what stands above ``ladle``


def told(page: str) -> list[set[str]]:
    """Lines of the page's drawing, as sets of names."""
    found = _RULE.search(page)
    assert found, "docs/architecture.md has no dependency rule"
    return [set(re.split(r"\s*\|\s*", line.strip())) for line in found[1].splitlines()]


def checked(contracts: Sequence[dict[str, object]]) -> list[set[str]]:
    """Layers of the contracts, highest first; what is in brackets may be missing."""
    layers = [
        str(layer)
        for contract in contracts
        if contract["type"] == "layers"
        for layer in contract["layers"]  # type: ignore[attr-defined]
    ]
    named = [set(re.findall(r"\w+", layer)) - WHOLE_PACKAGE for layer in layers]
    return [names for names in named if names]


def test_the_page_draws_the_layers_that_are_checked(root: Path) -> None:
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    assert told(text_of(root / "docs/architecture.md")) == checked(contracts)


def test_a_layer_that_is_not_drawn_is_found() -> None:
    page = "## Dependency rule\n\n```\na | b\nc\n```\n"
    assert told(page) == [{"a", "b"}, {"c"}]
    contracts = [{"type": "layers", "layers": ["(a) | b", "new", "(c)"]}]
    assert checked(contracts) == [{"a", "b"}, {"new"}, {"c"}]
