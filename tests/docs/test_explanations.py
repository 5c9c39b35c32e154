"""Every code that Ladle can say is explained, and every explanation is of a code that it can say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ladle.cli.explain import AREAS, explanations

CODE = re.compile(r"\bLD[0-9]{3}\b")
SAID_IN = ("src/ladle", "stacks/ladle_stacks", "runtime/ladle_runtime", "scripts")


def said(root: Path) -> set[str]:
    return {code for text in _sources(root) for code in CODE.findall(text)}


def _sources(root: Path) -> Iterator[str]:
    for folder in SAID_IN:
        for path in (root / folder).rglob("*"):
            if path.suffix in (".py", "") and path.is_file():
                yield path.read_text(encoding="utf-8")


def test_every_code_in_the_source_is_explained(root: Path) -> None:
    assert sorted(said(root) - explanations().keys()) == []


def test_every_explained_code_is_in_the_source(root: Path) -> None:
    assert sorted(explanations().keys() - said(root)) == []


def test_every_explanation_says_what_and_how_to_mend_it() -> None:
    for row in explanations().values():
        assert row.area in AREAS.values()
        assert not row.title.endswith("."), row.code
        assert row.text.endswith("."), row.code
        assert row.fix, row.code
