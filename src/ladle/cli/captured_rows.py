"""A captured row as a person takes it away: one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ladle.ports import LoggedLine
from ladle.quality.lines import CapturedRows, claimed


def rows_of(line: LoggedLine) -> Iterator[dict[str, Any]]:
    """``left_out`` marks a row that was too large for a line."""
    said = claimed(line.text)
    if not isinstance(said, CapturedRows):
        return
    for number, row in enumerate(said.rows, said.first_row):
        place = {"request_id": said.request_id, "row": number, "at": said.at}
        yield {"release": said.release, **place, **(row or {"left_out": True})}


def json_lines(line: LoggedLine) -> Iterator[str]:
    yield from map(json.dumps, rows_of(line))
