"""docs/doors.md shows the table of doors as the code reads it."""

from __future__ import annotations

import re
from pathlib import Path

from ladle.config.doors import DoorRow, doors

_TABLE = re.compile(r"(?<=<!-- doors -->\n).*?(?=<!-- /doors -->)", re.DOTALL)


def doors_page(page: Path) -> str:
    rows = [
        "| door | `door.url` | `door.auth` | leads to | waits | carries | limits the rate |",
        "|---|---|---|---|---|---|---|",
        *(_row(row) for row in doors()),
    ]
    table = "\n".join(rows) + "\n"
    return _TABLE.sub(lambda _: table, page.read_text(encoding="utf-8"))


def _row(row: DoorRow) -> str:
    asks = ", ".join(f"`{auth}`" for auth in sorted(row.auth))
    targets = ", ".join(sorted(row.targets))
    cells = (row.called, f"`{row.url}`", asks, targets, f"{row.timeout_s} s")
    rate = "yes" if row.throttles else "no"
    return f"| {' | '.join(cells)} | {row.payload_mb:g} MB | {rate} |"
