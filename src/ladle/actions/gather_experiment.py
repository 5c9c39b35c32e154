"""An experiment while it is made: files go to the store when they are named, so the record holds
what was really used, whatever is written over them later.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladle.actions.record_experiment import keep
from ladle.config.checks import NAME
from ladle.digest import canonical_json
from ladle.errors import LadleError
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Locator,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
)
from ladle.experiments.secrets import masked, masked_value, portable_command
from ladle.ports import ModelInspector, ObjectStore, SourceControl


@dataclass(frozen=True, slots=True)
class Ran:
    """How the run went, who started it, by which command; ``log`` is all that it printed."""

    outcome: str
    actor: str
    argv: Sequence[str]
    log: bytes


class Run:
    """One experiment while it is made. ``id`` is known when the ``with`` block has ended."""

    def __init__(
        self,
        model: str,
        root: Path,
        objects: ObjectStore,
        source: SourceControl,
        inspector: ModelInspector,
    ) -> None:
        if not NAME.fullmatch(model):
            raise LadleError(
                "LD331",
                f"{model!r} cannot be the name of a model",
                "use small letters, digits and single hyphens; begin with a letter",
            )
        self.model_name = model
        self.id: str | None = None
        self._root = root
        self._objects = objects
        self._source = source
        self._inspector = inspector
        self._data: dict[str, DataInput] = {}
        self._params: dict[str, Any] = {}
        self._metrics: dict[str, float] = {}
        self._artefact: ModelArtefact | None = None
        self._artefact_file: str | None = None
        self._locators: dict[str, Locator] = {}

    def data(self, *paths: str | Path, role: str = "train") -> None:
        """Files, or folders with all their files, that the model is made from, as they are now."""
        for path in map(Path, paths):
            below = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
            for file in below:
                name = self._name(file)
                digest, length = self._keep(file)
                stored = DataInput(name, digest, length, role)
                if self._data.setdefault(name, stored) != stored:
                    raise LadleError(
                        "LD317",
                        f"{name} was recorded before, with other content or another role",
                        "record each file once, when it is read",
                    )

    def params(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        """What was chosen: anything that JSON can say; numpy scalars are taken as numbers."""
        for name, value in {**(values or {}), **more}.items():
            try:
                plain = masked_value(name, _plain(value))
                canonical_json(plain)
            except (TypeError, ValueError) as error:
                raise LadleError(
                    "LD304",
                    f"the parameter {name} is a {type(value).__name__}, which JSON cannot say",
                    "record a number, a text, a list or a mapping of those",
                ) from error
            self._params[name] = plain

    def metrics(self, values: Mapping[str, float] | None = None, /, **more: float) -> None:
        """What came out: finite numbers by name."""
        for name, value in {**(values or {}), **more}.items():
            self._metrics[name] = _number(name, value)

    def model(self, path: str | Path) -> None:
        """The file that will serve. It is read in a jail first: a bad model is refused here."""
        file = Path(path)
        facts = self._inspector.inspect(file)
        digest, length = self._keep(file)
        self._artefact_file = self._name(file)
        self._artefact = ModelArtefact(
            file.name, digest, length, facts.format, facts.signature, facts.opset
        )

    def draft(self, ran: Ran, environment: Environment) -> RecordedExperiment:
        """Everything but the place in the chain."""
        recorded = [*self._data, *([self._artefact_file] if self._artefact_file else [])]
        commit = self._source.snapshot(self._root, recorded)
        patch = self._keep(masked(commit.patch))[0] if commit.patch else None
        tree = str(commit.tree) if commit.tree else None
        manifest = Manifest(
            model=self.model_name,
            outcome=ran.outcome,
            created_at="",
            actor=ran.actor,
            previous=None,
            data=tuple(self._data[name] for name in sorted(self._data)),
            code=Code(
                commit.commit, commit.dirty, patch, portable_command(ran.argv, self._root), tree
            ),
            params=self._params,
            environment=environment,
            metrics=self._metrics,
            artefact=self._artefact,
            log=self._keep(masked(ran.log))[0] if ran.log else None,
        )
        return RecordedExperiment(manifest, self._locators, sequence=0)

    def _keep(self, content: Path | bytes) -> tuple[str, int]:
        kept = keep(self._objects, content)
        self._locators[str(kept.digest)] = kept.locator
        return str(kept.digest), kept.bytes

    def _name(self, file: Path) -> str:
        """Relative to the repository; what lies outside of it is known by its own name only."""
        path = file.resolve()
        inside = path.is_relative_to(self._root)
        return path.relative_to(self._root).as_posix() if inside else path.name


def _plain(value: Any) -> Any:
    """numpy and torch scalars know their Python value; paths are texts."""
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    item = getattr(value, "item", None)
    return item() if callable(item) else value


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise LadleError(
            "LD304",
            f"the metric {name} is {value!r}, not a finite number",
            "find out why the training made it, or leave it out",
        )
    return number
