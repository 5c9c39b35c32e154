"""Every race of docs/releases.md names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

_NAMED = re.compile(r"`([\w./]+\.py)::(test_\w+)`")


def test_each_race_is_shown_by_a_test_that_exists(root: Path) -> None:
    page = (root / "docs/releases.md").read_text(encoding="utf-8")
    rows = page.partition("## Races\n")[2].partition("\n## ")[0].splitlines()
    races = [row for row in rows if row.startswith("| ") and not row.startswith("| what")]
    assert len(races) > 20
    for race in races:
        named = _NAMED.findall(race)
        assert named, race
        for file, test in named:
            source = (root / "tests" / file).read_text(encoding="utf-8")
            assert f"def {test}(" in source, f"{file} has no {test}"
