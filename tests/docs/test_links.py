"""A page leads nowhere that does not exist: each link, and each path that it names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.pages import anchors, links, pages, ticked

TOP = re.compile(r"(?:src|stacks|runtime|tests|scripts|bench|docs|locks|model_packages|\.ci)/\S*")
FILE = re.compile(r"[\w./<>-]+/[\w<>-]+\.(?:py|toml|md|yaml|json|csv|txt|svg)")
# Where a path may begin: pages of a package's own matters leave out the package.
BASES = ("", "src", "src/ladle", "runtime", "stacks")
# A child of the script of that name: `scripts/gate simulation` is tests/gate/test_simulation.py.
NAMED = {
    "gate": ("tests/gate/test_{}.py",),
    "bench": ("bench/{}.py", "bench/{}/__main__.py"),
}
# Paths of a reader's repository, or made when Ladle runs.
ELSEWHERE = {
    "model_packages/iris/model.yaml",
    ".ladle/demo/report.html",
    ".ladle/embedded/state.json",
    ".ladle/heads.json",
    "stacks/extra.py",
}


def broken_links(page: Path) -> Iterator[str]:
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield target


def missing_paths(page: Path, root: Path) -> Iterator[str]:
    for words in ticked(page):
        first, *rest = words.split()
        if not (TOP.fullmatch(first) or FILE.fullmatch(first)) or first in ELSEWHERE:
            continue
        pattern = re.sub(r"<\w+>", "*", first).rstrip("/")
        if not any(any((root / base).glob(pattern)) for base in BASES):
            yield words
        named = NAMED.get(first.removeprefix("scripts/"), ())
        if named and rest and not any((root / path.format(rest[0])).exists() for path in named):
            yield words


def test_every_link_leads_somewhere(root: Path, subtests: pytest.Subtests) -> None:
    for page in pages(root):
        with subtests.test(str(page.relative_to(root))):
            assert list(broken_links(page)) == []


def test_every_path_that_a_page_names_exists(root: Path, subtests: pytest.Subtests) -> None:
    for page in pages(root):
        with subtests.test(str(page.relative_to(root))):
            assert list(missing_paths(page, root)) == []


def test_what_leads_nowhere_is_found(root: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Its own heading\n[here](#its-own-heading) [gone](gone.md) [no such](page.md#part)\n"
        "`src/ladle/errors.py` `src/ladle/gone.py` `quality/lines.py` `quality/gone.py`\n"
        "`scripts/gate simulation` `scripts/gate gone`\n"
    )
    assert list(broken_links(page)) == ["gone.md", "page.md#part"]
    assert list(missing_paths(page, root)) == [
        "src/ladle/gone.py",
        "quality/gone.py",
        "scripts/gate gone",
    ]
