# long: all that Ladle asks of the world stands in one list, signatures only
"""What Ladle asks of the world, as Protocols. Adapters: ``ladle.aws``, ``ladle.disk``, ``ladle.tools``.

Every adapter of a port passes the same contract suite in ``tests/contract``. Errors that a caller
must tell apart: Conflict (somebody wrote first), NotFound, Corrupt, Unavailable (try again).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from ladle.digest import Digest
from ladle.experiments.chain import Chain
from ladle.experiments.draft import Draft
from ladle.experiments.graph import GraphSummary
from ladle.experiments.manifest import (
    Code,
    Locator,
    Manifest,
    RecordedExperiment,
    Signature,
)
from ladle.experiments.pack import PackIndex, StoredPack
from ladle.experiments.pack import Placed as Placed  # noqa: PLC0414 - the catalogue's word
from ladle.experiments.snapshot import SeenFile
from ladle.experiments.upkeep import Epoch, Session, Sweep, Tombstone
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.quality.counts import Counts, Window, WindowKey
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome, PredictionRows
from ladle.releases.deploy_log import Deployment
from ladle.releases.effects import NewRecord, Record
from ladle.releases.events import CandidateReady, CandidateWithdrawn, PersonAsked
from ladle.releases.state import ReleaseState


class Clock(Protocol):
    def now(self) -> float:
        """UTC epoch seconds."""

    def sleep(self, seconds: float) -> None: ...


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

    def put_if_absent(self, digest: Digest, content: Path | bytes) -> Locator:
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

    def head(self, model: str) -> str | None: ...

    def get(self, experiment_id: str) -> RecordedExperiment:
        """By full id or unique prefix of at least 6 digits. Raises NotFound, Corrupt, or LadleError."""

    def log(self, model: str, limit: int = 100) -> Sequence[RecordedExperiment]:
        """Newest first."""

    def chain(self, model: str) -> Chain:
        """Every place of it as it is; what cannot be read raises nothing here."""

    def models(self) -> Sequence[str]: ...


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


class ReleaseLedger(Protocol):
    """The controller's memory: one state per model and the rows that explain each change."""

    def load(self, model: str) -> ReleaseState:
        """An EMPTY state of generation 0 when nothing is known. Strongly consistent."""

    def save(
        self,
        state: ReleaseState,
        records: Sequence[NewRecord],
        at: float,
        done: Sequence[str] = (),
    ) -> ReleaseState:
        """Writes state, rows and the removal of the inbox messages ``done`` in one transaction; where
        the rows say that the alias changed, the deploy log with them.

        ``state.generation`` is the one that was read; the stored one is one higher. Raises Conflict
        when another writer was first.
        """

    def records(self, model: str, since: float = 0.0) -> Sequence[Record]:
        """Oldest first."""

    def served(self, model: str, at: float) -> Deployment | None:
        """The newest row of the deploy log at ``at``: one query."""

    def deployments(self, model: str) -> Sequence[Deployment]:
        """The whole deploy log, oldest first."""

    def models(self) -> Sequence[str]: ...

    def acquire_lease(self, model: str, owner: str, now: float, seconds: float) -> bool: ...

    def release_lease(self, model: str, owner: str) -> None: ...


Message = CandidateReady | CandidateWithdrawn | PersonAsked


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message of the inbox; posted twice under one id it is delivered once."""

    id: str
    at: float
    message: Message


class ReleaseInbox(Protocol):
    """Where the hand-off and people leave what the controller must read. Writing it wakes the controller."""

    def post(self, model: str, message_id: str, message: Message, at: float) -> None:
        """Idempotent by ``message_id``."""

    def pending(self, model: str) -> Sequence[Delivered]:
        """Oldest first."""


class PredictionLog(Protocol):
    """What was predicted, so that a late label can be judged. Rows expire with ``labels.accept``."""

    def add(self, rows: PredictionRows, expires_at: float) -> None: ...

    def find(self, model: str, request_id: str, row: int) -> PredictionRows | None: ...


class LabelStore(Protocol):
    """One accepted label per prediction; corrections are their own events, at most three."""

    def accept(
        self, model: str, label: Label, outcome: LabelOutcome | None, expires_at: float
    ) -> AcceptedLabel:
        """Stores the label; the newest by ``label.at`` wins, whatever the order of the calls.

        ``outcome`` is None when the prediction is not known yet; such a label waits, and is settled
        when it is accepted again with its outcome. The same value again changes nothing and returns
        what is stored, so that a caller can finish what it had begun.
        Raises LadleError LD603 for a fourth correction.
        """

    def waiting(self, model: str, request_id: str) -> Sequence[Label]:
        """Labels that came before their prediction."""


class CounterStore(Protocol):
    """Additive counters by (model, release, window)."""

    def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
        """Adds each batch once by its id, all of it or nothing; returns the ids added by this call.

        A batch without deltas is never added. A delta may be negative: a corrected label takes back what it had added.
        """

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        """Windows that begin at or after ``since``, by start."""


class TrafficRouter(Protocol):
    """The one place where shares of traffic are written."""

    def read(self, model: str) -> ObservedTraffic | None: ...

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        """Raises Conflict when the revision is no longer the expected one, Unavailable to try again."""

    def can_start(self, model: str, release: int) -> bool:
        """Whether this release answers a warm probe; a rollback never goes to one that cannot."""

    def delete(self, model: str, release: int) -> None:
        """Deletes a retired release's version. Idempotent."""


@dataclass(frozen=True, slots=True)
class AlarmReading:
    ringing: bool
    samples: int


class AlarmReader(Protocol):
    def native(self, model: str, release: int) -> AlarmReading:
        """The alarm on one release's invocation errors, and how many invocations it saw."""


class MetricSink(Protocol):
    def publish_log_e(self, model: str, log_e: float, at: float) -> None: ...


class Announcer(Protocol):
    def announce(self, model: str, subject: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Commit:
    """``commit`` is None outside a repository or before the first commit; ``patch`` b"" when clean.

    ``tree`` is the digest of the committed files that are code: see ``manifest.Code``.
    """

    commit: str | None
    dirty: bool
    patch: bytes
    tree: Digest | None = None


class SourceControl(Protocol):
    """The repository around a folder, which may be only a part of it."""

    def snapshot(self, folder: Path, without: Sequence[str] = ()) -> Commit:
        """``without`` names what the experiment records by itself: its data and its model, relative
        to ``folder``, with POSIX separators.
        """

    def diff(self, folder: Path, before: str, after: str) -> bytes | None:
        """The patch between two commits; None when this repository does not know both."""


class Replay(Protocol):
    """Where a recorded command runs again, away from the files that people work on."""

    def prepare(self, commit: str, patch: bytes | None) -> Path:
        """The repository as it was: a checkout of ``commit`` with ``patch`` applied.

        Raises LD380 when this repository does not know the commit or the patch does not apply.
        """

    def run(self, code: Code, model: str) -> Draft:
        """The command in what was prepared, its output shown; all that it recorded."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model file says of itself, read in a limited child process."""

    format: str
    signature: Signature
    opset: int | None = None
    graph: GraphSummary | None = None


class ModelInspector(Protocol):
    def inspect(self, path: Path) -> ModelFacts:
        """Raises LadleError LD32x for an unreadable, hostile or unsupported file; at most 10 s."""


class DeployTool(Protocol):
    def deploy(self, stacks: Sequence[str], context: Mapping[str, str]) -> None:
        """Runs ``cdk deploy``; raises LadleError LD71x with the first failing resource's reason."""


class Predictor(Protocol):
    def call(self, model: str, path: str, body: object) -> tuple[int, Mapping[str, Any]]:
        """POST of a JSON body at the model's front door: status and answer. Raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The ports of one workspace URL, as wiring put them together."""

    url: str
    objects: ObjectStore
    manifests: ManifestStore
    upkeep: Upkeep
    ledger: ReleaseLedger
    inbox: ReleaseInbox
    counters: CounterStore
    predictions: PredictionLog
    labels: LabelStore
    router: TrafficRouter


class FunctionVersions(Protocol):
    """Published versions of a model's function, known by their release digest's 64 hex digits."""

    def find(self, model: str, release_hex: str) -> int | None:
        """The newest retained version that carries this digest."""

    def publish(self, model: str, release_hex: str, code_sha256: str | None) -> int:
        """Freezes what is deployed now as a version; unchanged since the last one, returns that.

        Raises LadleError LD221 when what is deployed now is not what was wanted: another deploy
        was faster.
        """

    def wait_until_active(self, model: str, release: int) -> None:
        """Raises LadleError LD222 when the version cannot start."""

    def create_alias_if_absent(self, model: str, release: int) -> str:
        """The alias's ARN; an alias that exists is left as it is."""

    def digest_of(self, model: str, release: int) -> str | None: ...

    def in_alias(self, model: str) -> frozenset[int]: ...

    def delete(self, model: str, release: int) -> None:
        """Idempotent."""


class ReleaseAlarms(Protocol):
    """One alarm of the platform's own on each release's invocation errors."""

    def ensure(self, model: str, release: int, topic_arn: str) -> None: ...

    def delete(self, model: str, release: int) -> None:
        """Idempotent."""

    def delete_all(self, model: str) -> None: ...


class StackReader(Protocol):
    def is_rolling_back(self, stack_id: str) -> bool:
        """Whether the deploy that asks is being undone."""


@dataclass(frozen=True, slots=True)
class StoredCopy:
    version_id: str
    sha256: str


class BundleStore(Protocol):
    """Where a release's own copy of its model lies; written once, read by exact version."""

    def find(self, key: str) -> StoredCopy | None: ...

    def fetch(self, bucket: str | None, key: str, version_id: str | None, to: Path) -> Digest:
        """Downloads (``bucket`` None is the store's own) and hashes. Raises NotFound."""

    def put_if_absent(self, key: str, content: Path, digest: Digest) -> StoredCopy: ...

    def delete(self, prefix: str) -> None:
        """Idempotent."""
