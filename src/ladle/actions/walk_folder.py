"""A walk names every file, link and folder below a root; links are read, never followed."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from stat import S_ISDIR, S_ISLNK, S_ISREG, S_IXUSR

from ladle.actions.data_faults import no_data, not_text, unreadable
from ladle.errors import Finding, ManyFindings
from ladle.experiments.snapshot import Listing

OWN = frozenset({".git", ".ladle"})  # what tools keep beside the data is never data
_MOST_FINDINGS = 20
_STATE = struct.Struct("<QqqQI")


@dataclass(frozen=True, slots=True)
class Walked:
    """Every folder before those below it; ``states`` holds every file by its relative path."""

    listings: tuple[Listing, ...]
    states: Mapping[str, os.stat_result]

    def state(self) -> bytes:
        """Of everything that a digest depends on, without reading a file.

        In the order in which folders were listed: should a file system list them in another one, a
        folder that is as it was counts as another, and is looked at file by file.
        """
        hasher = hashlib.sha256()
        for listing in self.listings:
            names = [listing.path, *(f"{name}/" for name in listing.folders)]
            links = [part for link in listing.links.items() for part in link]
            parts = [p if isinstance(p, bytes) else p.encode() for p in [*names, *links]]
            hasher.update(_frame(b"\0".join(parts)))
        hasher.update(_frame("\0".join(self.states).encode()))
        packed = [
            _STATE.pack(s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino, s.st_mode)
            for s in self.states.values()
        ]
        hasher.update(b"".join(packed))
        return hasher.digest()


def _frame(content: bytes) -> bytes:
    return len(content).to_bytes(8, "little") + content


def walk_folder(root: str) -> Walked:
    """Raises LD340 to LD343 for what cannot be kept: all of it at once, up to twenty."""
    walk = _Walk(root)
    listings = tuple(walk.listings())
    if walk.findings:
        raise ManyFindings(walk.findings)
    return Walked(listings, walk.states)


class _Walk:
    def __init__(self, root: str) -> None:
        self._root = root
        self.states: dict[str, os.stat_result] = {}
        self.findings: list[Finding] = []

    def listings(self) -> Iterator[Listing]:
        waiting = [""]
        while waiting and len(self.findings) < _MOST_FINDINGS:
            listing = self._list(waiting.pop())
            below = f"{listing.path}/" if listing.path else ""
            waiting.extend(below + name for name in listing.folders)
            yield listing

    def _list(self, path: str) -> Listing:
        below = f"{path}/" if path else ""
        files: dict[str, bool] = {}
        links: dict[str, bytes] = {}
        folders: list[str] = []
        try:
            with os.scandir(f"{self._root}/{path}") as entries:
                for entry in entries:
                    name = entry.name
                    if name in OWN or not (name.isascii() or self._is_text(below, name)):
                        continue
                    state = entry.stat(follow_symlinks=False)
                    mode = state.st_mode
                    if S_ISREG(mode):
                        files[name] = mode & S_IXUSR != 0
                        self.states[below + name] = state
                    elif S_ISDIR(mode):
                        folders.append(name)
                    elif S_ISLNK(mode):
                        links[name] = os.fsencode(os.readlink(entry.path))
                    else:
                        self.findings.append(no_data(f"{self._root}/{below}{name}").finding)
        except OSError as error:
            place = f"{self._root}/{path}".rstrip("/")
            self.findings.append(unreadable(place, error).finding)
        return Listing(path, files, links, folders)

    def _is_text(self, below: str, name: str) -> bool:
        try:
            name.encode()
        except UnicodeEncodeError:
            self.findings.append(not_text(f"{self._root}/{below}{name}").finding)
            return False
        return True
