"""Bytes that another tool kept by their md5 are read once: for that md5 as for our own digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ladle.digest import CHUNK_BYTES, Digest
from ladle.errors import Corrupt, ManyFindings
from ladle.experiments.foreign import Cached
from ladle.experiments.snapshot import Listing, SeenFile, Snapshot, of_file, of_folder
from ladle.ports import Progress


def hash_cached(name: str, files: Mapping[str, Cached], progress: Progress) -> Snapshot:
    """A file is "" alone. Raises every file at once whose bytes are not those of its md5 (LD394)."""
    seen, wrong = {}, []
    progress.start(f"read {name}", None, len(files))
    for path, cached in files.items():
        try:
            seen[path] = _hashed(f"{name}/{path}" if path else name, cached, progress)
        except Corrupt as error:
            wrong.append(error.finding)
    progress.finish()
    if wrong:
        raise ManyFindings(wrong)
    if "" in files:
        return of_file(files[""].path, seen[""])
    snapshot = of_folder(Path(name), _listings(files), seen)
    return replace(snapshot, sources={seen[p].digest: str(c.path) for p, c in files.items()})


def _hashed(name: str, cached: Cached, progress: Progress) -> SeenFile:
    sha256, md5, text = hashlib.sha256(), hashlib.md5(usedforsecurity=False), UnixTextMd5()
    length = 0
    try:
        with cached.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                sha256.update(chunk)
                md5.update(chunk)
                if cached.is_text_md5:
                    text.update(chunk)
                length += len(chunk)
                progress.advance(len(chunk))
    except OSError as error:
        raise _altered(name, f"cannot be read: {error.strerror}") from error
    progress.advance(0, 1)
    allowed = {md5.hexdigest()} | ({text.hexdigest()} if cached.is_text_md5 else set())
    if cached.md5 not in allowed:
        raise _altered(name, f"has the md5 {md5.hexdigest()} and should have {cached.md5}")
    return SeenFile(str(Digest(sha256.hexdigest())), length, 0, 0, 0)


class UnixTextMd5:
    """The md5 of a text as if its lines ended in a line feed alone."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._held = b""

    def update(self, chunk: bytes) -> None:
        whole = self._held + chunk
        self._held = b"\r" if whole.endswith(b"\r") else b""
        self._md5.update(whole[: len(whole) - len(self._held)].replace(b"\r\n", b"\n"))

    def hexdigest(self) -> str:
        self._md5.update(self._held)
        self._held = b""
        return self._md5.hexdigest()


def _listings(paths: Mapping[str, Cached]) -> Sequence[Listing]:
    """The folders that the paths make, each before those below it."""
    files: dict[str, dict[str, bool]] = {"": {}}
    folders: dict[str, set[str]] = {"": set()}
    for path in map(PurePosixPath, paths):
        for child in (path, *path.parents):
            if child.name:
                above = "" if child.parent.name == "" else str(child.parent)
                folders.setdefault(above, set())
                files.setdefault(above, {})
                if child is path:
                    files[above][child.name] = False
                else:
                    folders[above].add(child.name)
    return [Listing(name, files[name], {}, sorted(folders[name])) for name in sorted(folders)]


def _altered(name: str, what: str) -> Corrupt:
    return Corrupt(
        "LD394",
        f"{name} {what}",
        "its copy in DVC's cache is damaged: remove it there, fetch it again with DVC",
    )
