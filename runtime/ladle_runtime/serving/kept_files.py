"""Models that were fetched stay on disk while there is room: to load one again asks no network.

A file is named by the hash that was released, and is hashed again whenever it is loaded. The folder
is this process's own and goes with it.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import BinaryIO

from ladle.errors import Unavailable
from ladle_runtime.serving.settings import Bundle
from ladle_runtime.serving.shelf import Shelf

MakeRoom = Callable[[int], BinaryIO]
Fetch = Callable[[Bundle, MakeRoom], None]  # asks for room at each try; see ``fetch``


class KeptFiles:
    """``file`` may be asked by several threads at once; they fetch one after the other."""

    def __init__(self, scratch: str, most_bytes: int, fetch: Fetch) -> None:
        self._folder = Path(mkdtemp(prefix="ladle-models-", dir=scratch))  # mode 0700
        self._shelf: Shelf[str] = Shelf(most_bytes)
        self._get = fetch
        self._lock = threading.Lock()

    @contextmanager
    def file(self, bundle: Bundle) -> Iterator[Path]:
        """Is there until the block ends. Raises LadleError LD420 (unreachable, or no room), LD421."""
        path = self._folder / bundle.sha256
        with self._lock:
            if bundle.sha256 in self._shelf:
                self._shelf.take(bundle.sha256)
            else:
                self._fetch(bundle, path)
        try:
            yield path
        finally:
            with self._lock:
                self._shelf.give_back(bundle.sha256)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _fetch(self, bundle: Bundle, path: Path) -> None:
        room: BinaryIO | None = None

        def make_room(bytes_: int) -> BinaryIO:
            nonlocal room
            if room is not None:  # an earlier try
                room.close()
                self._shelf.drop(bundle.sha256)
                room = None
            going = self._shelf.put(bundle.sha256, bytes_)
            if going is None:
                raise Unavailable(
                    "LD420",
                    f"{bytes_} bytes of a model have no room beside the files in use",
                    "raise LADLE_MODELS_DISK_MB",
                )
            for old in going:
                (self._folder / old).unlink()
            room = path.open("wb")
            return room

        try:
            self._get(bundle, make_room)
        except BaseException:
            if room is not None:
                self._shelf.drop(bundle.sha256)
                path.unlink()
            raise
        finally:
            if room is not None:
                room.close()
