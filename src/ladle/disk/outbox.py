"""Runs on their way into a store, a folder each below ``.ladle/outbox``.

``draft.json`` appears whole, after everything that it names, and goes last: a run without one has not
ended. The lock of a folder is held by whoever works in it and goes with that process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ladle import names
from ladle.digest import Digest
from ladle.disk.durable import new_file
from ladle.disk.object_store import DiskObjectStore
from ladle.errors import Corrupt
from ladle.experiments.draft import Draft
from ladle.ports import ObjectStore

FOLDER = Path(".ladle") / "outbox"
_DRAFT, _LOCK = "draft.json", "lock"


class DiskOutbox:
    """The Outbox of a repository."""

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER

    @contextlib.contextmanager
    def new_run(self, model: str, started_at: str) -> Iterator[Path]:
        """A folder of its own, named so that folders sort by time; ours while the block runs."""
        name = f"{re.sub('[^0-9T]', '', started_at)}-{model}-{secrets.token_hex(3)}"
        hidden, folder = self.folder / f".new-{name}", self.folder / name
        hidden.mkdir(parents=True)
        with (hidden / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            hidden.rename(folder)  # seen by others only now that it is held
            try:
                yield folder
            finally:
                if not (folder / _DRAFT).exists():
                    shutil.rmtree(folder, ignore_errors=True)

    def objects(self, name: str) -> ObjectStore:
        return DiskObjectStore(self.folder / name)

    def path_of(self, name: str, digest: Digest) -> Path:
        return self.folder / name / "objects" / names.object_key(digest.hex)

    def save(self, draft: Draft) -> None:
        with new_file(self.folder / draft.name / _DRAFT) as file:
            file.write(json.dumps(draft.to_json(), indent=1).encode())

    def keep_outputs(self, name: str) -> None:
        """For a run that waits: what it wrote is copied, since the next run writes it again.

        Where there is no room the files stay the only ones, as inputs always do.
        """
        draft = _read(self.folder / name / _DRAFT)
        kept = dict(draft.sources)
        for nth, output in enumerate(draft.manifest.outputs):
            copy = self.folder / name / "outputs" / f"{nth}"
            try:
                kept[output.name] = str(_copied(Path(draft.sources[output.name]), copy))
            except OSError:
                continue
        self.save(replace(draft, sources=kept))

    def waiting(self) -> list[Draft]:
        found = sorted(self.folder.glob(f"*/{_DRAFT}"))
        return [_read(path) for path in found]

    def remove(self, name: str) -> None:
        """The draft first: a crash in between leaves files that belong to no run."""
        (self.folder / name / _DRAFT).unlink(missing_ok=True)
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def sweep(self) -> int:
        """Removes what processes left that died before their run ended; how many runs that were."""
        swept = 0
        for folder in self.folder.glob("[!.]*/"):
            with self.held(folder.name) as mine:
                if mine and not (folder / _DRAFT).exists():
                    shutil.rmtree(folder, ignore_errors=True)
                    swept += 1
        return swept

    @contextlib.contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Whether nobody else works in this folder; if so, nobody does while the block runs."""
        try:
            lock = (self.folder / name / _LOCK).open("ab")
        except FileNotFoundError:  # sent and removed by somebody else
            yield False
            return
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True


def _copied(source: Path, copy: Path) -> Path:
    if source.is_dir():
        shutil.copytree(source, copy, symlinks=True)
    else:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, copy)
    return copy


def _read(path: Path) -> Draft:
    try:
        return Draft.from_json(path.parent.name, json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt(
            "LD376",
            f"{path} cannot be read: {error}",
            f"nothing of it can be sent: look into it, then remove {path.parent.name}",
        ) from error
