"""A snapshot is a file or folder by its content at one moment: the same bytes, the same digest.

Pure: what a walk found becomes trees here, whatever read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ladle import digest as digests
from ladle.experiments.tree import Kind, Tree, TreeEntry, encode, tree_of

LinkText = bytes
COARSE_NS = 2_000_000_000  # FAT keeps two seconds, older file systems one
FINE_NS = 20_000_000  # two ticks of the slowest kernel clock


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as it was when it was hashed: by these, a file that did not change is known again.

    Times in nanoseconds. ctime cannot be set back by a program, so an edit cannot hide behind it.
    """

    digest: str
    bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    def is_settled(self, at_ns: int) -> bool:
        """Whether an edit after ``at_ns`` must show: none can have the times that are known.

        Times of whole seconds come from a file system that keeps no finer ones.
        """
        whole = self.mtime_ns % 1_000_000_000 == 0 and self.ctime_ns % 1_000_000_000 == 0
        grain_ns = COARSE_NS if whole else FINE_NS
        return max(self.mtime_ns, self.ctime_ns) + grain_ns < at_ns


@dataclass(frozen=True, slots=True)
class Listing:
    """One folder as a walk found it. ``path`` is relative to the root, POSIX; the root's own is "".

    ``files`` maps a name to whether it is executable, ``links`` to the text that it points to.
    """

    path: str
    files: Mapping[str, bool]
    links: Mapping[str, bytes]
    folders: Sequence[str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``root`` with its digest, and where each content below it can be read.

    ``trees`` maps the digest of each folder to it, ``sources`` that of a file to a path that has it,
    ``links`` that of a link to its text.
    """

    root: Path
    kind: Kind
    digest: str
    bytes: int
    files: int
    trees: Mapping[str, Tree]
    sources: Mapping[str, str]
    links: Mapping[str, LinkText]


class _Sources(Mapping[str, str]):
    """Paths are made when they are asked for: most snapshots end as a digest that is compared."""

    def __init__(self, root: Path, paths: Mapping[str, str]) -> None:
        self._below = f"{root}/"
        self._paths = paths

    def __getitem__(self, digest: str) -> str:
        return self._below + self._paths[digest]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def of_file(root: Path, seen: SeenFile) -> Snapshot:
    return Snapshot(root, Kind.FILE, seen.digest, seen.bytes, 1, {}, {seen.digest: str(root)}, {})


def of_folder(root: Path, listings: Sequence[Listing], seen: Mapping[str, SeenFile]) -> Snapshot:
    """``listings`` name every folder before those below it; ``seen`` holds every file by its path."""
    trees: dict[str, Tree] = {}
    links: dict[str, bytes] = {}
    folders: dict[str, TreeEntry] = {}
    for listing in reversed(listings):
        below = f"{listing.path}/" if listing.path else ""
        entries = [folders.pop(below + name) for name in listing.folders]
        for name, text in listing.links.items():
            digest = str(digests.of_bytes(text))
            links[digest] = text
            entries.append(TreeEntry(name, Kind.LINK, digest, len(text)))
        for name, executable in listing.files.items():
            file = seen[below + name]
            entries.append(
                TreeEntry(name, Kind.FILE, file.digest, file.bytes, executable=executable)
            )
        tree = tree_of(entries)
        digest = str(digests.of_bytes(encode(tree)))
        trees[digest] = tree
        name = listing.path.rpartition("/")[2]
        folders[listing.path] = TreeEntry(
            name, Kind.FOLDER, digest, sum(e.bytes for e in tree), sum(e.files for e in tree)
        )
    top = folders[""]
    sources = _Sources(root, {file.digest: path for path, file in seen.items()})
    return Snapshot(root, Kind.FOLDER, top.digest, top.bytes, top.files, trees, sources, links)
