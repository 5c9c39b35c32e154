"""What a model saw in training, as counts in bins that never move: what drift is measured against.

``ladle.to_onnx`` writes it into the model file, so that it is released, signed and brought back with
the model, and the process that serves the file knows it. At most :data:`COLUMNS` columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KEY = "ladle.reference"  # of the model file's metadata
BINS = 32  # with equal shares of the training rows: 93 % of what an exact test sees, see docs/benchmarks.md
COLUMNS = 64
HOUR_S = 3600.0  # the window that rows are counted in
SEEN, TRAINED = "d.", "r."  # before the names of tallies
SURE_SUM, SURE_ROWS = "q_sum", "q_rows"  # highest probabilities of rows, in millionths
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Column:
    """One number of each row: of the tensor ``tensor`` at ``index``. ``counts`` has one more bin than
    ``edges``, and a last one for what is missing.
    """

    name: str
    tensor: str
    index: int
    is_input: bool
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    columns: tuple[Column, ...]

    def tallies(self) -> Mapping[str, int]:
        return {
            trained(column.name, bin_): n
            for column in self.columns
            for bin_, n in enumerate(column.counts)
            if n
        }

    def to_json(self) -> str:
        rows = [[c.name, c.tensor, c.index, c.is_input, c.edges, c.counts] for c in self.columns]
        return json.dumps({"schema": _SCHEMA, "columns": rows}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Reference | None:
        """None for what this version does not read: then nothing is watched, and serving goes on."""
        try:
            data = json.loads(text)
            if data["schema"] != _SCHEMA:
                return None
            return cls(tuple(_columns(data["columns"])))
        except (ValueError, KeyError, TypeError):
            return None


def seen(column: str, bin_: int) -> str:
    """The name under which served rows in a bin are counted."""
    return f"{SEEN}{column}.{bin_}"


def trained(column: str, bin_: int) -> str:
    """And those of the training."""
    return f"{TRAINED}{column}.{bin_}"


def _columns(rows: list[Any]) -> Iterator[Column]:
    for name, tensor, index, is_input, edges, counts in rows[:COLUMNS]:
        if len(counts) != len(edges) + 2:
            raise ValueError("a column has one count for each bin")
        yield Column(
            str(name)[:40],
            str(tensor),
            int(index),
            bool(is_input),
            tuple(map(float, edges)),
            tuple(map(int, counts)),
        )
