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

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file by content: ``name`` is relative to the repository, POSIX separators."""

    name: str
    digest: str
    bytes: int
    role: str = "train"


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output: ``dtype`` in ONNX's words (float, int64, string), None = any size."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Signature:
        def read(rows: Any) -> tuple[TensorSpec, ...]:
            return tuple(TensorSpec(r["name"], r["dtype"], tuple(r["shape"])) for r in rows)

        return cls(read(data["inputs"]), read(data["outputs"]))


@dataclass(frozen=True, slots=True)
class ModelArtefact:
    """The model file that the experiment made; ``digest`` is the model_digest of its releases."""

    name: str
    digest: str
    bytes: int
    format: str
    signature: Signature
    opset: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """What was run: ``patch`` is the digest of the uncommitted diff, None when the tree was clean.

    ``tree`` is the digest of the committed files without what Ladle writes (pins, configs) and what
    the experiment records by itself: two commits with one tree ran the same code.
    """

    commit: str | None
    dirty: bool
    patch: str | None
    argv: tuple[str, ...]
    tree: str | None = None


@dataclass(frozen=True, slots=True)
class Environment:
    """Where it was run: ``packages`` maps distribution name to version, ``lock`` is their digest."""

    python: str
    platform: str
    lock: str
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that made a model. ``previous`` chains the manifests of one model."""

    model: str
    outcome: str  # succeeded | failed
    created_at: str  # UTC, ISO 8601 with a trailing Z
    actor: str
    previous: str | None
    data: tuple[StoredFile, ...]
    code: Code
    params: Mapping[str, Any]
    environment: Environment
    metrics: Mapping[str, float]
    artefact: ModelArtefact | None
    log: str | None = None  # digest of the captured output
    schema: int = SCHEMA

    @property
    def id(self) -> str:
        """64 hex digits; two manifests with the same content are the same experiment."""
        return digest.of_json(self.to_json()).hex

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any], expected_id: str | None = None) -> Manifest:
        """Raises :class:`~ladle.errors.Corrupt` when the content is not what ``expected_id`` names."""
        artefact = data["artefact"]
        manifest = cls(
            **{
                **data,
                "data": tuple(StoredFile(**f) for f in data["data"]),
                "code": Code(**{**data["code"], "argv": tuple(data["code"]["argv"])}),
                "environment": Environment(**data["environment"]),
                "artefact": artefact
                and ModelArtefact(
                    **{
                        **artefact,
                        "signature": Signature.from_json(artefact["signature"]),
                    }
                ),
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
        """Every object that must be in the store before this manifest may be."""
        names = [f.digest for f in self.data]
        names += [d for d in (self.code.patch, self.log) if d]
        names += [self.artefact.digest] if self.artefact else []
        return tuple(dict.fromkeys(Digest.parse(n) for n in names))


@dataclass(frozen=True, slots=True)
class Locator:
    """Where an object's bytes lie: a key of the store and the version that was written."""

    key: str
    version_id: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RecordedExperiment:
    """A manifest as the store holds it, with its sequence number within the model, from 1."""

    manifest: Manifest
    locators: Mapping[str, Locator]  # digest as written in the manifest -> locator
    sequence: int

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "id": self.manifest.id,
            "sequence": self.sequence,
            "manifest": self.manifest.to_json(),
            "locators": {d: loc.to_json() for d, loc in self.locators.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RecordedExperiment:
        """Reads ``pinned.json`` or a store row; refuses content that its id does not name."""
        manifest = Manifest.from_json(data["manifest"], expected_id=data["id"])
        locators = {d: Locator(**loc) for d, loc in data["locators"].items()}
        return cls(manifest, locators, data["sequence"])
