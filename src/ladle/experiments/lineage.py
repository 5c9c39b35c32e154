"""The family of an experiment: what it began from, what began from it, whom it shares data with.

Pure: a list of experiments in, a tree out. An id that none of them has stays a leaf.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ladle.experiments.manifest import DataInput, Manifest, RecordedExperiment


class Bond(StrEnum):
    """How an experiment names another thing; by these a store finds who names it."""

    READ = "IN"
    WROTE = "OUT"
    BEGAN_FROM = "FROM"

    def to(self, name: str) -> str:
        return f"{self.value}#{name}"


class Relation(StrEnum):
    """How another experiment has to do with a file or folder of this one."""

    READ_TOO = "also read by"
    WRITTEN = "written by"
    READ = "read by"


@dataclass(frozen=True, slots=True)
class Served:
    """A release that carried an experiment; ``status`` in words, ``at`` in UTC epoch seconds."""

    model: str
    release: int
    status: str
    at: float


@dataclass(frozen=True, slots=True)
class Relative:
    """An experiment and its own relatives in one direction; ``recorded`` None when it is not here."""

    id: str
    recorded: RecordedExperiment | None
    relatives: tuple[Relative, ...] = ()

    def to_json(self, word: str) -> dict[str, Any]:
        return {**_json(self.id, self.recorded), word: [r.to_json(word) for r in self.relatives]}


@dataclass(frozen=True, slots=True)
class SharedData:
    """An input or output of the experiment that others have to do with, oldest first."""

    data: DataInput
    relation: Relation
    others: tuple[RecordedExperiment, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.data.name,
            "digest": self.data.digest,
            "relation": str(self.relation),
            "experiments": [_json(o.manifest.id, o) for o in self.others],
        }


@dataclass(frozen=True, slots=True)
class Lineage:
    """``parents`` go back to where everything began, ``children`` on to all that came of it."""

    experiment: RecordedExperiment
    parents: tuple[Relative, ...]
    children: tuple[Relative, ...]
    shared: tuple[SharedData, ...]
    releases: tuple[Served, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            **_json(self.experiment.manifest.id, self.experiment),
            "parents": [p.to_json("parents") for p in self.parents],
            "children": [c.to_json("children") for c in self.children],
            "shared": [s.to_json() for s in self.shared],
            "releases": [
                {"model": r.model, "release": r.release, "status": r.status, "at": r.at}
                for r in self.releases
            ],
        }


def bonds(manifest: Manifest) -> tuple[str, ...]:
    """To the data that it read, what it wrote with its model, and its parents; each once."""
    wrote = [artefact.digest] if (artefact := manifest.artefact) else []
    wrote += [output.digest for output in manifest.outputs]
    found = [Bond.WROTE.to(digest) for digest in wrote]
    found += [Bond.READ.to(file.digest) for file in manifest.data]
    found += [Bond.BEGAN_FROM.to(parent) for parent in manifest.parents]
    return tuple(dict.fromkeys(found))


def bonds_to(manifest: Manifest) -> tuple[str, ...]:
    """What others would say that share its data; see ``lineage``."""
    read = [bond.to(f.digest) for f in manifest.data for bond in (Bond.WROTE, Bond.READ)]
    return (*read, *(Bond.READ.to(output.digest) for output in manifest.outputs))


def lineage(
    experiment_id: str,
    experiments: Sequence[RecordedExperiment],
    served: Mapping[str, Sequence[Served]],
) -> Lineage:
    """``experiment_id`` in full, one of ``experiments``; ``served`` by experiment id."""
    known = {e.manifest.id: e for e in experiments}
    children: dict[str, list[str]] = {}
    for one in _by_time(experiments):
        for parent in one.manifest.parents:
            children.setdefault(parent, []).append(one.manifest.id)
    parents = {i: list(e.manifest.parents) for i, e in known.items()}
    subject = known[experiment_id]
    return Lineage(
        subject,
        _relatives(experiment_id, parents, known),
        _relatives(experiment_id, children, known),
        tuple(_shared(subject, _by_time(experiments))),
        tuple(served.get(experiment_id, ())),
    )


def _relatives(
    of: str, edges: Mapping[str, list[str]], known: Mapping[str, RecordedExperiment]
) -> tuple[Relative, ...]:
    """An id is the hash of what it names its parents in, so there is no way round in a circle."""
    return tuple(Relative(i, known.get(i), _relatives(i, edges, known)) for i in edges.get(of, ()))


def _shared(
    subject: RecordedExperiment, experiments: Sequence[RecordedExperiment]
) -> Iterator[SharedData]:
    others = [e for e in experiments if e.manifest.id != subject.manifest.id]
    for data in subject.manifest.data:
        for relation, found in (
            (Relation.WRITTEN, [o for o in others if _has(o.manifest.outputs, data)]),
            (Relation.READ_TOO, [o for o in others if _has(o.manifest.data, data)]),
        ):
            if found:
                yield SharedData(data, relation, tuple(found))
    for output in subject.manifest.outputs:
        if found := [o for o in others if _has(o.manifest.data, output)]:
            yield SharedData(output, Relation.READ, tuple(found))


def _has(files: Sequence[DataInput], wanted: DataInput) -> bool:
    return any(f.digest == wanted.digest for f in files)


def _by_time(experiments: Sequence[RecordedExperiment]) -> list[RecordedExperiment]:
    return sorted(experiments, key=lambda e: (e.manifest.created_at, e.manifest.id))


def _json(id_: str, recorded: RecordedExperiment | None) -> dict[str, Any]:
    """``model`` is null for an experiment that is not in this workspace."""
    if recorded is None:
        return {"id": id_, "model": None, "sequence": None}
    return {"id": id_, "model": recorded.manifest.model, "sequence": recorded.sequence}
