"""An experiment while it is made: what is named is hashed at once, so the record says what was used.

Data and outputs stay where they are until the run is sent; a file that changes meanwhile is found
then, and nothing false is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladle.actions.record_experiment import keep
from ladle.actions.snapshot_data import snapshot_data
from ladle.config.checks import NAME
from ladle.digest import canonical_json
from ladle.errors import LadleError
from ladle.experiments import profile as profiles
from ladle.experiments import said
from ladle.experiments.draft import Draft, encode_trees
from ladle.experiments.manifest import Code, DataInput, Environment, Manifest, ModelArtefact
from ladle.experiments.optimised import LEAST_BYTES
from ladle.experiments.secrets import masked, portable_command
from ladle.experiments.snapshot import Snapshot
from ladle.experiments.tree import Kind
from ladle.ports import FileIndex, ModelInspector, ObjectStore, Progress, SourceControl


@dataclass(frozen=True, slots=True)
class Means:
    """What a run needs of the world. ``objects`` keep what is small, and the model, until it is sent;
    ``full_id`` completes the id of an experiment.
    """

    objects: ObjectStore
    source: SourceControl
    inspector: ModelInspector
    files: FileIndex
    profiled: Callable[[Path], profiles.Profiles]
    full_id: Callable[[str], str]
    progress: Progress


@dataclass(frozen=True, slots=True)
class Ran:
    """How the run went, who started it, by which command, where; ``log`` is all that it printed."""

    outcome: str
    actor: str
    argv: Sequence[str]
    folder: Path
    log: bytes
    started_at: str | None = None
    exit_status: int | None = None


class Run:
    """One experiment while it is made. ``id`` is known when the ``with`` block has ended."""

    def __init__(self, model: str, root: Path, means: Means) -> None:
        if not NAME.fullmatch(model):
            raise LadleError(
                "LD331",
                f"{model!r} cannot be the name of a model",
                "use small letters, digits and single hyphens; begin with a letter",
            )
        self.model_name = model
        self.id: str | None = None
        self._root = root
        self._means = means
        self._data: dict[str, DataInput] = {}
        self._outputs: dict[str, DataInput] = {}
        self._sources: dict[str, str] = {}
        self._trees: dict[str, str] = {}
        self._params: dict[str, Any] = {}
        self._metrics: dict[str, float] = {}
        self._steps: list[bytes] = []
        self._parents: dict[str, None] = {}
        self._tolerance: dict[str, float] = {}
        self._artefact: ModelArtefact | None = None
        self._artefact_file: str | None = None

    def data(self, *paths: str | Path, role: str = "train", profile: bool = True) -> None:
        """Files or folders that the model is made from, as they are now.

        Tables among them get a column profile, which takes seconds per 100 MB, unless it is unwanted.
        """
        for path in map(Path, paths):
            taken = self._taken(path, role, profile)
            if self._data.setdefault(taken.name, taken) != taken:
                raise _taken_before(taken.name)

    def output(self, *paths: str | Path, role: str = "output", profile: bool = True) -> None:
        """Files or folders that the run wrote beside the model; said again, the newer counts."""
        for path in map(Path, paths):
            taken = self._taken(path, role, profile)
            if taken.name in self._data:
                raise _taken_before(taken.name)
            self._outputs[taken.name] = taken

    def params(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """What was chosen: anything that JSON can say; numpy scalars are taken as numbers."""
        for name, value in {**(values or {}), **more}.items():
            self._params[name] = said.parameter(name, value)

    def metrics(
        self,
        values: Mapping[str, float] | None = None,
        /,
        *,
        step: int | None = None,
        **more: float,
    ) -> None:
        """What came out: finite numbers by name. With a step each is kept, and the last one counts."""
        told = {name: said.metric(name, v) for name, v in {**(values or {}), **more}.items()}
        self._metrics |= told
        if step is not None:
            self._steps.append(canonical_json({"step": int(step), **told}))

    def model(self, path: str | Path) -> None:
        """The file that will serve. It is read in a jail first: a bad model is refused here."""
        file = Path(path)
        facts = self._means.inspector.inspect(file)
        kept = keep(self._means.objects, file)
        graph = self._keep(facts.graph.encode()) if facts.graph else None
        self._artefact_file = self._name(file)
        self._artefact = ModelArtefact(
            file.name,
            str(kept.digest),
            kept.bytes,
            facts.format,
            facts.signature,
            facts.opset,
            graph,
            self._means.inspector.optimise(file) if kept.bytes >= LEAST_BYTES else None,
        )

    def parent(self, experiment_id: str) -> None:
        """An experiment that this one began from: a model that is trained on, an earlier stage."""
        self._parents[self._means.full_id(experiment_id)] = None

    def tolerance(self, values: Mapping[str, float] | None = None, /, **more: float) -> None:
        """How far each metric of a rerun may lie away for ``ladle reproduce`` to call it the same."""
        for name, value in {**(values or {}), **more}.items():
            self._tolerance[name] = said.tolerance(name, value)

    def draft(self, name: str, workspace: str, ran: Ran, environment: Environment) -> Draft:
        """Everything but the place in the chain."""
        model_file = [self._artefact_file] if self._artefact_file else []
        commit = self._means.source.snapshot(self._root, [*self._data, *self._outputs, *model_file])
        code = Code(
            commit.commit,
            commit.dirty,
            self._keep(masked(commit.patch)) if commit.patch else None,
            portable_command(ran.argv, self._root),
            str(commit.tree) if commit.tree else None,
            self._name(ran.folder),
        )
        manifest = Manifest(
            model=self.model_name,
            outcome=ran.outcome,
            created_at="",
            actor=ran.actor,
            previous=None,
            data=tuple(self._data[name] for name in sorted(self._data)),
            code=code,
            params=self._params,
            environment=environment,
            metrics=self._metrics,
            artefact=self._artefact,
            log=self._keep(masked(ran.log)) if ran.log else None,
            started_at=ran.started_at,
            exit_status=ran.exit_status,
            steps=self._keep(b"\n".join([*self._steps, b""])) if self._steps else None,
            outputs=tuple(self._outputs[name] for name in sorted(self._outputs)),
            parents=tuple(self._parents),
            tolerance=self._tolerance,
        )
        return Draft(name, workspace, manifest, dict(self._sources), dict(self._trees))

    def _taken(self, path: Path, role: str, profile: bool) -> DataInput:
        snapshot = snapshot_data(path, self._means.files, self._means.progress)
        name = self._name(path)
        self._sources[name] = str(snapshot.root)
        if snapshot.kind is Kind.FOLDER:
            self._trees[snapshot.digest] = self._keep(encode_trees(snapshot.trees))
        tables = self._means.profiled(path) if profile else {}
        kept = self._keep(masked(profiles.encode(tables))) if tables else None
        return _input(name, snapshot, role, kept)

    def _keep(self, content: bytes) -> str:
        return str(keep(self._means.objects, content).digest)

    def _name(self, file: Path) -> str:
        """Relative to the repository; what lies outside of it is known by its own name only."""
        for path in (Path(os.path.abspath(file)), file.resolve()):  # a link inside keeps its name
            if path.is_relative_to(self._root):
                return path.relative_to(self._root).as_posix()
        return file.resolve().name


def _input(name: str, snapshot: Snapshot, role: str, profile: str | None) -> DataInput:
    return DataInput(
        name,
        snapshot.digest,
        snapshot.bytes,
        role,
        kind=str(snapshot.kind),
        files=snapshot.files,
        profile=profile,
    )


def _taken_before(name: str) -> LadleError:
    return LadleError(
        "LD317",
        f"{name} was recorded before, with other content or another role",
        "record each file once, when it is read",
    )
