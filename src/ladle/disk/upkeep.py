"""A store's upkeep in a folder: one JSON file that changes as a whole, under a lock."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ladle.disk.durable import exclusive, new_file
from ladle.errors import Conflict
from ladle.experiments.upkeep import Epoch, Session, Sweep, Tombstone

_PARTS = ("epoch", "sessions", "sweeps", "tombstones")


class DiskUpkeep:
    """The Upkeep of a ``dir:`` workspace."""

    def __init__(self, root: Path) -> None:
        self._path = root / "upkeep.json"
        self._lock = root / "upkeep.lock"

    @contextlib.contextmanager
    def held_at(self, epoch: int | None) -> Iterator[None]:
        """No sweep begins while the body runs; None asks for no epoch, and holds up nobody."""
        if epoch is None:
            yield
            return
        with exclusive(self._lock):
            now = self.epoch()
            if not now.is_quiet or now.begun != epoch:
                raise Conflict("LD303", "objects were collected meanwhile", "look again")
            yield

    def epoch(self) -> Epoch:
        return Epoch(**self._read()["epoch"])

    def begin_sweep(self, now: float, until: float) -> int:
        with self._change() as book:
            epoch = Epoch(**book["epoch"])
            if not epoch.is_quiet and now < epoch.until:
                raise at_work(epoch)
            begun = Epoch(epoch.begun + 1, epoch.begun, until)
            book["epoch"] = asdict(begun)
        return begun.begun

    def prolong_sweep(self, epoch: int, until: float) -> None:
        with self._change() as book:
            now = Epoch(**book["epoch"])
            if now.is_quiet or now.begun != epoch:
                raise Conflict("LD303", f"sweep {epoch} was taken for dead", "collect again")
            book["epoch"]["until"] = until

    def finish_sweep(self, epoch: int) -> None:
        with self._change() as book:
            if Epoch(**book["epoch"]).begun == epoch:
                book["epoch"]["finished"] = epoch

    def join(self, session: Session) -> None:
        with self._change() as book:
            book["sessions"][session.id] = asdict(session)

    def leave(self, session_id: str) -> None:
        with self._change() as book:
            book["sessions"].pop(session_id, None)

    def sessions(self) -> Sequence[Session]:
        return [Session(**row) for row in self._read()["sessions"].values()]

    def note_sweep(self, sweep: Sweep) -> None:
        with self._change() as book:
            book["sweeps"][str(sweep.epoch)] = asdict(sweep)

    def sweeps(self) -> Sequence[Sweep]:
        found = [Sweep(**row) for row in self._read()["sweeps"].values()]
        return sorted(found, key=lambda s: s.epoch)

    def bury(self, tombstones: Sequence[Tombstone]) -> None:
        with self._change() as book:
            for stone in tombstones:
                book["tombstones"].setdefault(stone.subject, stone.to_json())

    def exhume(self, subjects: Sequence[str]) -> None:
        with self._change() as book:
            for subject in subjects:
                book["tombstones"].pop(subject, None)

    def tombstones(self) -> Mapping[str, Tombstone]:
        rows = self._read()["tombstones"]
        return {subject: Tombstone.from_json(row) for subject, row in rows.items()}

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            return {part: {} for part in _PARTS}

    @contextlib.contextmanager
    def _change(self) -> Iterator[dict[str, Any]]:
        with exclusive(self._lock):
            book = self._read()
            yield book
            with new_file(self._path) as file:
                file.write(json.dumps(book, indent=1).encode())


def at_work(epoch: Epoch) -> Conflict:
    return Conflict("LD303", f"sweep {epoch.begun} is at work", "wait until it is done")
