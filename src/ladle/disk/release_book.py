"""All that a folder keeps of one model's releases: a JSON file that changes as a whole, under a lock."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ladle.disk.durable import new_file

Book = dict[str, Any]


class ReleaseBooks:
    """One file a model below ``root/releases``."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "releases"

    def models(self) -> Sequence[str]:
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def read(self, model: str) -> Book:
        try:
            return dict(json.loads(self._path(model).read_text("utf-8")))
        except FileNotFoundError:
            return {"state": None, "rows": [], "log": [], "inbox": {}, "done": [], "lease": None}

    @contextlib.contextmanager
    def change(self, model: str) -> Iterator[Book]:
        """The body edits the book; it is stored when the body ends, and not when it raises."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{model}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            book = self.read(model)
            yield book
            with new_file(self._path(model)) as file:
                file.write(json.dumps(book).encode())

    def _path(self, model: str) -> Path:
        return self._folder / f"{model}.json"
