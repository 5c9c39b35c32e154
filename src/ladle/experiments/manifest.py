"""An experiment is one immutable manifest; its id is the sha256 of its canonical JSON.

Where the bytes lie (key, VersionId) is not part of the identity: locators travel beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ladle import digest
from ladle.digest import Digest
from ladle.errors import Corrupt
from ladle.experiments.optimised import OptimisedGraph
from ladle.experiments.signature import Signature as Signature  # noqa: PLC0414 - a manifest's word
from ladle.experiments.signature import TensorSpec as TensorSpec  # noqa: PLC0414

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class DataInput:
    """A file or folder by content: ``name`` is relative to the repository, POSIX separators.

    A folder's digest is that of its tree, see ``experiments.tree``; ``files`` and ``bytes`` are its
    sums. ``profile`` is the digest of a table's column profile, ``aliases`` what other tools call
    the same bytes (``md5:…``).
    """

    name: str
    digest: str
    bytes: int
    role: str = "train"
    kind: str = "file"  # file | folder
    files: int = 1
    profile: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelArtefact:
    """The model file that the experiment made; ``digest`` is the model_digest of its releases.

    ``graph`` is the digest of its summary, see ``experiments.graph``; ``optimised`` is derived from
    the file and never stands for it.
    """

    name: str
    digest: str
    bytes: int
    format: str
    signature: Signature
    opset: int | None = None
    graph: str | None = None
    optimised: OptimisedGraph | None = None

    def to_json(self) -> dict[str, Any]:
        """Says ``optimised`` only where it is so: other experiments keep their ids."""
        said = {**asdict(self), "signature": self.signature.to_json()}
        if self.optimised is None:
            del said["optimised"]
        return said

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelArtefact:
        signature, optimised = Signature.from_json(data["signature"]), data.get("optimised")
        rewritten = OptimisedGraph(**optimised) if optimised else None
        return cls(**{**data, "signature": signature, "optimised": rewritten})


@dataclass(frozen=True, slots=True)
class Code:
    """What was run: ``patch`` is the digest of the uncommitted diff, None when the tree was clean.

    ``tree`` is the digest of the committed files without what Ladle writes (pins, configs) and what
    the experiment records by itself: two commits with one tree ran the same code. ``folder`` is where
    the command was started, relative to the repository.
    """

    commit: str | None
    dirty: bool
    patch: str | None
    argv: tuple[str, ...]
    tree: str | None = None
    folder: str = "."


@dataclass(frozen=True, slots=True)
class Environment:
    """Where it was run: ``packages`` maps distribution name to version, ``lock`` is their digest.

    ``lock_file`` is the digest of the repository's own lock, ``image`` that of the container image.
    """

    python: str
    platform: str
    lock: str
    packages: Mapping[str, str] = field(default_factory=dict)
    lock_file: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that made a model. ``previous`` chains the manifests of one model.

    ``steps`` is the digest of the metrics by step (JSON lines), ``outputs`` what the run wrote
    beside the model, ``parents`` the experiments that it began from, ``origin`` where an import
    found it. ``tolerance`` is how far a metric of a rerun may lie away, in the metric's own unit.
    """

    model: str
    outcome: str  # succeeded | failed
    created_at: str  # UTC, ISO 8601 with a trailing Z
    actor: str
    previous: str | None
    data: tuple[DataInput, ...]
    code: Code
    params: Mapping[str, Any]
    environment: Environment
    metrics: Mapping[str, float]
    artefact: ModelArtefact | None
    log: str | None = None  # digest of the captured output
    started_at: str | None = None  # like created_at
    exit_status: int | None = None
    steps: str | None = None
    outputs: tuple[DataInput, ...] = ()
    parents: tuple[str, ...] = ()
    tolerance: Mapping[str, float] = field(default_factory=dict)
    origin: str | None = None
    schema: int = SCHEMA

    @classmethod
    def bare(cls, model: str, code: Code, environment: Environment, outcome: str) -> Manifest:
        """Of a run that recorded nothing: how it ended is all that is known."""
        return cls(
            model=model,
            outcome=outcome,
            created_at="",
            actor="",
            previous=None,
            data=(),
            code=code,
            params={},
            environment=environment,
            metrics={},
            artefact=None,
        )

    @property
    def id(self) -> str:
        """64 hex digits; two manifests with the same content are the same experiment."""
        return digest.of_json(self.to_json()).hex

    def to_json(self) -> dict[str, Any]:
        said = asdict(self)
        if self.artefact:
            said["artefact"] = self.artefact.to_json()
        return said

    @classmethod
    def from_json(cls, data: Mapping[str, Any], expected_id: str | None = None) -> Manifest:
        """Raises :class:`~ladle.errors.Corrupt` when the content is not what ``expected_id`` names."""
        artefact = data["artefact"]
        manifest = cls(
            **{
                **data,
                "data": _inputs(data["data"]),
                "outputs": _inputs(data["outputs"]),
                "parents": tuple(data["parents"]),
                "code": Code(**{**data["code"], "argv": tuple(data["code"]["argv"])}),
                "environment": Environment(**data["environment"]),
                "artefact": artefact and ModelArtefact.from_json(artefact),
            }
        )
        if expected_id is not None and manifest.id != expected_id:
            raise Corrupt(
                "LD310",
                f"experiment {expected_id[:12]} is altered: its content hashes to "
                f"{manifest.id[:12]}",
                "restore it from a machine that has it, or pin another experiment",
            )
        return manifest

    @property
    def digests(self) -> tuple[Digest, ...]:
        """Every content that must be in the store before this manifest may be."""
        contents = [*(f.digest for f in (*self.data, *self.outputs)), *self.objects]
        return tuple(dict.fromkeys(Digest.parse(n) for n in contents))

    @property
    def objects(self) -> tuple[str, ...]:
        """Those of them that are objects of their own; data and outputs lie in packs."""
        names = [self.code.patch, self.log, self.steps]
        names += [f.profile for f in (*self.data, *self.outputs)]
        names += [self.artefact.digest, self.artefact.graph] if self.artefact else []
        return tuple(dict.fromkeys(n for n in names if n))


def _inputs(rows: Any) -> tuple[DataInput, ...]:
    return tuple(DataInput(**{**r, "aliases": tuple(r["aliases"])}) for r in rows)


@dataclass(frozen=True, slots=True)
class Locator:
    """Where an object's bytes lie: a key of the store and the version that was written."""

    key: str
    version_id: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RecordedExperiment:
    """A manifest as the store holds it, with its sequence number within the model, from 1.

    ``layout`` is the digest of the object that says which packs hold data and outputs.
    """

    manifest: Manifest
    locators: Mapping[str, Locator]  # digest as written in the manifest, or layout -> locator
    sequence: int
    layout: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "id": self.manifest.id,
            "sequence": self.sequence,
            "manifest": self.manifest.to_json(),
            "locators": {d: loc.to_json() for d, loc in self.locators.items()},
            "layout": self.layout,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RecordedExperiment:
        """Reads ``pinned.json`` or a store row; refuses content that its id does not name."""
        manifest = Manifest.from_json(data["manifest"], expected_id=data["id"])
        locators = {d: Locator(**loc) for d, loc in data["locators"].items()}
        return cls(manifest, locators, data["sequence"], data["layout"])
