"""Counters in a folder: a journal of added batches, summed when it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ladle.disk.journal import Journal
from ladle.quality.counts import Counts, Window, WindowKey


class DiskCounterStore:
    """The CounterStore of a ``dir:`` workspace."""

    def __init__(self, root: Path) -> None:
        self._journal = Journal(root / "counters.jsonl")
        self._ids: set[str] = set()
        self._given_up: set[str] = set()
        self._sums: dict[WindowKey, Counts] = {}

    def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
        with self._journal.locked() as file:
            self._learn(self._journal.news(file))
            new = {i: deltas for i, deltas in batches.items() if deltas and i not in self._ids}
            for id_, deltas in new.items():
                self._journal.append(file, _line(id_, deltas))
            self._learn(self._journal.news(file))
        return frozenset(new)

    def was_added(self, batch_id: str, now: float) -> bool:
        with self._journal.locked() as file:
            self._learn(self._journal.news(file))
            if batch_id not in self._ids:
                self._journal.append(file, _line(batch_id, {}))
                self._learn(self._journal.news(file))
        return batch_id not in self._given_up

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        with self._journal.locked() as file:
            self._learn(self._journal.news(file))
        found = [
            Window(key.start, counts)
            for key, counts in self._sums.items()
            if key.model == model and key.release == release and key.start >= since
        ]
        return sorted(found, key=lambda w: w.start)

    def _learn(self, lines: Sequence[bytes]) -> None:
        for line in lines:
            data = json.loads(line)
            self._ids.add(data["id"])
            if not data["deltas"]:
                self._given_up.add(data["id"])
            for delta in data["deltas"]:
                key, counts = _read(delta)
                self._sums[key] = self._sums.get(key, Counts()) + counts


def _line(id_: str, deltas: Mapping[WindowKey, Counts]) -> bytes:
    rows = [
        {
            "model": key.model,
            "release": key.release,
            "start": key.start,
            "requests": counts.requests,
            "failed": counts.failed,
            "rejected": counts.rejected,
            "labelled_micro": counts.labelled_micro,
            "wrong_micro": counts.wrong_micro,
            "latency": counts.latency,
            "tallies": counts.tallies,
        }
        for key, counts in deltas.items()
    ]
    return json.dumps({"id": id_, "deltas": rows}, separators=(",", ":")).encode()


def _read(row: Mapping[str, Any]) -> tuple[WindowKey, Counts]:
    latency = {int(bin_): n for bin_, n in row["latency"].items()}
    plain = {k: row[k] for k in ("requests", "failed", "rejected", "labelled_micro", "wrong_micro")}
    counts = Counts(**plain, latency=latency, tallies=row.get("tallies", {}))
    return WindowKey(row["model"], row["release"], row["start"]), counts
