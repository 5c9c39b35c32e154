"""What experiments ask of a store and of this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from ladle.digest import Digest
from ladle.experiments.chain import Chain
from ladle.experiments.draft import Draft
from ladle.experiments.manifest import Locator, Manifest, RecordedExperiment
from ladle.experiments.pack import PackIndex, Placed, StoredPack
from ladle.experiments.snapshot import SeenFile
from ladle.experiments.upkeep import Epoch, Session, Sweep, Tombstone


@dataclass(frozen=True, slots=True)
class StoredObject:
    """``stored_at`` in UTC epoch seconds."""

    digest: Digest
    bytes: int
    stored_at: float


class Health(StrEnum):
    """What a store says of an object without sending its bytes."""

    RIGHT = "right"
    ALTERED = "altered"
    MISSING = "missing"


class ObjectStore(Protocol):
    """Immutable bytes by content; versioned, so that an overwritten key can still be read."""

    def put_if_absent(self, digest: Digest, content: Path | bytes | bytearray) -> Locator:
        """Stores ``content`` unless its digest is there already; verifies that it hashes to it.

        Raises Corrupt when the content is not what the digest says (changed while it was read).
        """

    def open(self, digest: Digest, locator: Locator | None = None) -> BinaryIO:
        """The bytes, by the exact version when a locator is given. Raises NotFound."""

    def locate(self, digest: Digest) -> Locator | None: ...

    def read(
        self, digest: Digest, start: int, length: int, locator: Locator | None = None
    ) -> bytes:
        """A part of an object, which the caller verifies. Raises NotFound, Unavailable."""

    def stored(self) -> Iterator[StoredObject]:
        """Every object, in order of its digest; what was removed is not among them."""

    def remove(self, digest: Digest) -> None:
        """Takes an object out of sight; ``restore`` brings it back. Idempotent."""

    def restore(self, digest: Digest) -> bool:
        """Whether an object is back, or never was gone: from what the store itself still has of it."""

    def forget(self, digest: Digest) -> None:
        """Destroys what ``remove`` took, where the store does not do so by itself. Idempotent."""

    def check(self, digest: Digest, locator: Locator | None = None, deep: bool = False) -> Health:
        """By the checksum that the store states, of the key and of the version that ``locator`` names;
        with ``deep``, or where none is stated, by reading.
        """

    def erase(self, digest: Digest) -> None:
        """Destroys every version of an object, for data that the law wants gone. Idempotent."""


class ManifestStore(Protocol):
    """Append-only manifests; each model's form a hash chain whose head moves by compare-and-set."""

    def append(
        self,
        manifest: Manifest,
        locators: Mapping[str, Locator],
        layout: str | None = None,
        epoch: int | None = None,
    ) -> RecordedExperiment:
        """Stores if absent. Raises Conflict when ``manifest.previous`` is no longer the head, or
        ``epoch`` not the store's, or a collection is at work.
        """

    def relocate(
        self, recorded: RecordedExperiment, locators: Mapping[str, Locator], layout: str
    ) -> None:
        """Says where the bytes lie now; what the experiment is stays the same.

        Raises Conflict when it was moved since ``recorded`` was read.
        """

    def put_back(self, recorded: RecordedExperiment) -> None:
        """Rows that were lost or altered are what they were: the caller knows that it fits its chain.

        A row that is right stays as it is, where its bytes lie included; the head only moves onwards.
        Raises Conflict when the chain goes on meanwhile.
        """

    def head(self, model: str) -> str | None: ...

    def get(self, experiment_id: str) -> RecordedExperiment:
        """By full id or unique prefix of at least 6 digits. Raises NotFound, Corrupt, or LadleError."""

    def log(self, model: str, limit: int = 100) -> Sequence[RecordedExperiment]:
        """Newest first."""

    def chain(self, model: str) -> Chain:
        """Every place of it as it is; what cannot be read raises nothing here."""

    def models(self) -> Sequence[str]: ...

    def bound(self, bonds: Collection[str]) -> Collection[str]:
        """Ids of the experiments that have one of these ``bonds`` (see ``experiments.lineage``).

        An index may follow a moment later, and may name an experiment that was never finished.
        """


class Upkeep(Protocol):
    """What a store remembers besides its experiments; see ``experiments.upkeep``."""

    def epoch(self) -> Epoch:
        """Strongly consistent."""

    def begin_sweep(self, now: float, until: float) -> int:
        """The new epoch. Raises Conflict while another sweep is at work; one that is overdue is
        finished first.
        """

    def prolong_sweep(self, epoch: int, until: float) -> None:
        """Raises Conflict when ``epoch`` is finished: somebody took it for dead."""

    def finish_sweep(self, epoch: int) -> None:
        """Idempotent."""

    def join(self, session: Session) -> None:
        """Also to stay longer."""

    def leave(self, session_id: str) -> None: ...

    def sessions(self) -> Sequence[Session]:
        """Those that left without saying so, too: ``until`` shows who is alive."""

    def note_sweep(self, sweep: Sweep) -> None:
        """Replaces what was noted for its epoch."""

    def sweeps(self) -> Sequence[Sweep]:
        """By epoch."""

    def bury(self, tombstones: Sequence[Tombstone]) -> None:
        """The first tombstone of a subject stays."""

    def exhume(self, subjects: Sequence[str]) -> None: ...

    def tombstones(self) -> Mapping[str, Tombstone]:
        """By subject."""


@dataclass(frozen=True, slots=True)
class ReleaseCopy:
    """One version of a release's own copy of its model; ``release`` is its digest in hex."""

    model: str
    release: str
    digest: str
    key: str
    version_id: str | None


class ReleaseCopies(Protocol):
    """What the hand-off copied out of the store, for releases to read."""

    def holding(self, digests: Collection[str]) -> Sequence[ReleaseCopy]:
        """Every version, one that somebody deleted included."""

    def destroy(self, copy: ReleaseCopy) -> None:
        """Idempotent."""


class Progress(Protocol):
    """Who watches a long piece of work. Called from any thread of it, one call at a time."""

    def start(self, what: str, total_bytes: int | None, total_files: int | None) -> None: ...

    def advance(self, bytes_: int, files: int = 0) -> None: ...

    def finish(self) -> None: ...


class FileIndex(Protocol):
    """What this machine hashed before. Losing it costs time, never truth: it raises nothing."""

    def now_ns(self) -> int:
        """By the clock that stamps files: what is written after this has no earlier time."""

    def below(self, folder: Path) -> Mapping[str, SeenFile]:
        """By path relative to ``folder``, with POSIX separators; a file is ``""`` below itself."""

    def remember(self, folder: Path, seen: Mapping[str, SeenFile]) -> None:
        """What lies below ``folder`` is ``seen`` and nothing else: all of it or, after a crash, as before."""

    def whole(self, folder: Path, state: bytes) -> str | None:
        """The digest that ``folder`` had when its listing was in this very state."""

    def remember_whole(self, folder: Path, state: bytes, digest: str) -> None: ...


class PackCatalogue(Protocol):
    """Which packs a store has and what is in them, as far as this machine knows.

    It may be behind (others push too) and is rebuilt from the packs' own indexes; what it says is
    proven by the bytes that are read.
    """

    def find(self, store: str, digests: Sequence[str]) -> Mapping[str, Placed]: ...

    def holds(self, store: str, pack: str) -> bool: ...

    def add(self, store: str, pack: StoredPack, index: PackIndex) -> None:
        """All of a pack or, after a crash, nothing of it. Idempotent."""

    def drop(self, store: str, pack: str) -> None: ...


class Outbox(Protocol):
    """Runs that ended on this machine and are not in a store yet. Each outlives a crash."""

    def objects(self, name: str) -> ObjectStore:
        """What is kept beside a draft."""

    def path_of(self, name: str, digest: Digest) -> Path:
        """The file of one of them."""

    def save(self, draft: Draft) -> None:
        """All of it or, after a crash, what was there before."""

    def waiting(self) -> Sequence[Draft]:
        """Oldest first."""

    def held(self, name: str) -> AbstractContextManager[bool]:
        """Whether nobody else works on this draft; if so, nobody does while the block runs."""

    def remove(self, name: str) -> None:
        """Idempotent."""
