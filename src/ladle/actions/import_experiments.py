"""Runs of another tool become experiments, each once: what was imported is known by its origin.

Everything is read and checked before the first of them is stored, so that a store with a fault in it
leaves nothing half imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ladle.actions.hash_cached import hash_cached
from ladle.actions.push_data import push_data
from ladle.actions.read_data import layout_of_experiment
from ladle.actions.record_experiment import keep, record_experiment
from ladle.actions.snapshot_data import snapshot_data
from ladle.actions.writing import Writing
from ladle.digest import Digest, of_json
from ladle.errors import Finding, LadleError, ManyFindings
from ladle.experiments.foreign import ForeignData, ForeignRun, steps_content
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Locator,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
)
from ladle.experiments.secrets import masked_value
from ladle.experiments.snapshot import Snapshot
from ladle.ports import (
    Clock,
    FileIndex,
    ManifestStore,
    ModelFacts,
    ModelInspector,
    PackCatalogue,
    Progress,
    Workspace,
)

_ALL = 1 << 31
_From = TypeVar("_From")
_To = TypeVar("_To")
_UNKNOWN = Environment("unknown", "unknown", str(of_json({})))


@dataclass(frozen=True, slots=True)
class Imported:
    """``known`` are ids of experiments that an earlier import made."""

    recorded: tuple[RecordedExperiment, ...]
    known: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Means:
    """What an import needs of this machine."""

    files: FileIndex
    packs: PackCatalogue
    inspector: ModelInspector
    clock: Clock
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Ready:
    """A run whose bytes were all read; ``model`` is where its model lies, if it has one."""

    run: ForeignRun
    data: tuple[Snapshot, ...]
    outputs: tuple[Snapshot, ...]
    model: Path | None
    facts: ModelFacts | None
    notes: tuple[str, ...]


def import_experiments(
    runs: Sequence[ForeignRun], workspace: Workspace, means: Means, writing: Writing
) -> Imported:
    """In the order of ``runs``. Raises all that is wrong with their bytes at once."""
    known = _known(runs, workspace.manifests)
    new = [run for run in runs if run.origin not in known]
    ready = _each(lambda run: _ready(run, means), new)
    recorded = tuple(_import(one, workspace, means, writing) for one in ready)
    notes = tuple(note for one in ready for note in one.notes)
    return Imported(recorded, tuple(known[r.origin] for r in runs if r.origin in known), notes)


def _known(runs: Sequence[ForeignRun], manifests: ManifestStore) -> dict[str, str]:
    models = {run.model for run in runs}
    rows = (r.manifest for model in models for r in manifests.log(model, _ALL))
    return {m.origin: m.id for m in rows if m.origin is not None}


def _each(make: Callable[[_From], _To], ones: Iterable[_From]) -> list[_To]:
    """What is made of each; what is wrong with any of them is told at once."""
    made: list[_To] = []
    wrong: list[Finding] = []
    for one in ones:
        try:
            made.append(make(one))
        except LadleError as error:
            wrong += error.findings
    if wrong:
        raise ManyFindings(list(dict.fromkeys(wrong)))
    return made


def _ready(run: ForeignRun, means: Means) -> _Ready:
    snapshots = _each(lambda one: _snapshot(one, means), (*run.data, *run.outputs))
    data, outputs = tuple(snapshots[: len(run.data)]), tuple(snapshots[len(run.data) :])
    path = _model_path(run)
    if path is None:
        return _Ready(run, data, outputs, None, None, run.notes)
    try:
        facts = means.inspector.inspect(path)
    except LadleError as error:  # the run is worth keeping without it
        if error.code == "LD328":
            raise
        name = "/".join(filter(None, run.model_file or ()))
        note = f"{run.model}: {name} is kept as an output, not as the model: {error.finding.what}"
        return _Ready(run, data, outputs, None, None, (*run.notes, note))
    return _Ready(run, data, outputs, path, facts, run.notes)


def _snapshot(data: ForeignData, means: Means) -> Snapshot:
    if isinstance(data.at, Path):
        return snapshot_data(data.at, means.files, means.progress)
    return hash_cached(data.name, data.at, means.progress)


def _model_path(run: ForeignRun) -> Path | None:
    if run.model_file is None:
        return None
    name, inside = run.model_file
    at = next(d.at for d in run.outputs if d.name == name)
    return at / inside if isinstance(at, Path) else at[inside].path


def _import(
    ready: _Ready, workspace: Workspace, means: Means, writing: Writing
) -> RecordedExperiment:
    """Data first, then what is an object of its own, the manifest last."""
    locators: dict[str, Locator] = {}
    layout = None
    if ready.data or ready.outputs:
        pushed = push_data(
            (*ready.data, *ready.outputs),
            workspace.objects,
            means.packs,
            workspace.url,
            _newest_layout(ready.run.model, workspace),
            means.progress,
        )
        layout, locators[pushed.layout] = pushed.layout, pushed.locator
    manifest = _manifest(ready, _Keeping(workspace, locators))
    draft = RecordedExperiment(manifest, locators, 0, layout)
    return record_experiment(workspace.manifests, draft, means.clock, writing)


def _newest_layout(model: str, workspace: Workspace) -> Layout | None:
    newest = workspace.manifests.log(model, 1)
    return layout_of_experiment(newest[0], workspace.objects) if newest else None


class _Keeping:
    """Stores objects, and remembers where they lie."""

    def __init__(self, workspace: Workspace, locators: dict[str, Locator]) -> None:
        self._objects = workspace.objects
        self._locators = locators

    def keep(self, content: Path | bytes) -> tuple[Digest, int]:
        kept = keep(self._objects, content)
        self._locators[str(kept.digest)] = kept.locator
        return kept.digest, kept.bytes


def _manifest(ready: _Ready, keeping: _Keeping) -> Manifest:
    run = ready.run
    artefact = _artefact(ready, keeping)
    taken = run.model_file if artefact and run.model_file and not run.model_file[1] else None
    steps = steps_content(run.steps)
    return Manifest(
        model=run.model,
        outcome=run.outcome,
        created_at="",
        started_at=run.started_at,
        actor=run.actor,
        previous=None,
        data=tuple(_inputs(run.data, ready.data)),
        outputs=tuple(
            f for f in _inputs(run.outputs, ready.outputs) if not taken or f.name != taken[0]
        ),
        code=Code(run.commit, run.is_dirty, None, tuple(masked_value("", list(run.argv)))),
        params={name: masked_value(name, value) for name, value in run.params.items()},
        environment=_UNKNOWN,
        metrics=run.metrics,
        steps=str(keeping.keep(steps)[0]) if steps else None,
        artefact=artefact,
        origin=run.origin,
    )


def _artefact(ready: _Ready, keeping: _Keeping) -> ModelArtefact | None:
    if ready.model is None or ready.facts is None or ready.run.model_file is None:
        return None
    facts, name = ready.facts, (ready.run.model_file[1] or ready.run.model_file[0])
    digest, length = keeping.keep(ready.model)
    graph = str(keeping.keep(facts.graph.encode())[0]) if facts.graph else None
    return ModelArtefact(
        name.rpartition("/")[2],
        str(digest),
        length,
        facts.format,
        facts.signature,
        facts.opset,
        graph,
    )


def _inputs(data: Sequence[ForeignData], snapshots: Sequence[Snapshot]) -> Iterator[DataInput]:
    for one, snapshot in zip(data, snapshots, strict=True):
        yield DataInput(
            one.name,
            snapshot.digest,
            snapshot.bytes,
            one.role,
            kind=str(snapshot.kind),
            files=snapshot.files,
            aliases=one.aliases,
        )
