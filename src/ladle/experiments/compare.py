"""Two manifests in, every difference out: what was put in (causes) apart from what came out (effects)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ladle.digest import canonical_json
from ladle.experiments.manifest import Code, Manifest, TensorSpec


class Part(StrEnum):
    """The parts of an experiment, in the order in which a difference is told."""

    DATA = "data"
    CODE = "code"
    PARAMS = "params"
    ENVIRONMENT = "environment"
    METRICS = "metrics"
    OUTPUTS = "outputs"
    MODEL = "model"


CAUSES = (Part.DATA, Part.CODE, Part.PARAMS, Part.ENVIRONMENT)
EFFECTS = (Part.METRICS, Part.OUTPUTS, Part.MODEL)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. ``before`` or ``after`` is None where it does not exist.

    ``name`` is a file for data and outputs, a dotted key for params, a package for environment.
    """

    part: Part
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two experiments, named by their ids."""

    before: str
    after: str
    changes: tuple[Change, ...]

    def of(self, part: Part) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.part is part)

    @property
    def causes(self) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.part in CAUSES)

    @property
    def effects(self) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.part in EFFECTS)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(before: Manifest, after: Manifest) -> Difference:
    """Equal manifests, and manifests that differ only in when and by whom, have no changes."""
    old, new = _facts(before), _facts(after)
    changes = [c for part in Part for c in _changes(part, old[part], new[part])]
    changes += _code_changes(before.code, after.code)
    order = list(Part)
    return Difference(
        before.id, after.id, tuple(sorted(changes, key=lambda c: (order.index(c.part), c.name)))
    )


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as dotted keys; an empty mapping stays a value of its own."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def tensor_words(specs: tuple[TensorSpec, ...]) -> str:
    """``input float[?,64]``: how a signature is shown and compared."""
    return ", ".join(
        f"{s.name} {s.dtype}[{','.join('?' if d is None else str(d) for d in s.shape)}]"
        f"{' or missing' if s.missing else ''}"
        for s in specs
    )


def _facts(manifest: Manifest) -> dict[Part, Mapping[str, Any]]:
    environment, artefact = manifest.environment, manifest.artefact
    model: dict[str, Any] = {"outcome": manifest.outcome}
    if artefact:
        model |= {
            "content": artefact.digest,
            "bytes": artefact.bytes,
            "format": artefact.format,
            "opset": artefact.opset,
            "inputs": tensor_words(artefact.signature.inputs),
            "outputs": tensor_words(artefact.signature.outputs),
        }
    return {
        Part.DATA: {f.name: f.digest for f in manifest.data},
        Part.CODE: {},  # two commits can hold the same code: compared by _code_changes
        Part.PARAMS: flatten(manifest.params),
        Part.ENVIRONMENT: {
            "python": environment.python,
            "platform": environment.platform,
            **({"lock file": environment.lock_file} if environment.lock_file else {}),
            **({"image": environment.image} if environment.image else {}),
            **{f"package {name}": version for name, version in environment.packages.items()},
        },
        Part.METRICS: manifest.metrics,
        Part.OUTPUTS: {f.name: f.digest for f in manifest.outputs},
        Part.MODEL: model,
    }


def _changes(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if (name in before) != (name in after) or canonical_json(old) != canonical_json(new):
            yield Change(part, name, old, new)


def _code_changes(before: Code, after: Code) -> Iterator[Change]:
    by_tree = before.tree is not None and after.tree is not None
    if (before.tree != after.tree) if by_tree else (before.commit != after.commit):
        yield Change(Part.CODE, "commit", before.commit, after.commit)
    if before.patch != after.patch:
        yield Change(Part.CODE, "uncommitted", before.patch, after.patch)
    if before.folder != after.folder:
        yield Change(Part.CODE, "folder", before.folder, after.folder)
    if before.argv != after.argv:
        yield Change(Part.CODE, "command", list(before.argv), list(after.argv))
