"""What MLflow tells of a run, whichever of its two stores it was read from, becomes one experiment.

MLflow keeps no data and lets people change tags and aliases later: they are noted as they are now.
"""

from __future__ import annotations

import math
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ladle.experiments.foreign import ForeignData, ForeignRun, Step, model_among, model_name
from ladle.experiments.timestamps import timestamp

ARTIFACTS = "artifacts"
_ENDED = {"FINISHED": "succeeded", "FAILED": "failed", "KILLED": "failed"}
_STATUSES = ("", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")  # as the file store counts
_NOTE = "mlflow.note.content"


@dataclass(frozen=True, slots=True)
class Point:
    """A logged value; ``at_ms`` is UTC in milliseconds."""

    name: str
    value: float
    step: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a registered model, with the aliases that point to it now."""

    model: str
    version: str
    run: str
    aliases: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"model": self.model, "version": self.version, "aliases": list(self.aliases)}


@dataclass(slots=True)
class MlflowRun:
    """Rows of one run as they are read. ``files`` are its folder of artifacts and those of the models
    that it logged (MLflow 3 keeps them apart), by name.
    """

    id: str
    experiment: str
    name: str
    status: str
    user: str
    start_ms: int | None
    artifact_uri: str
    params: dict[str, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    datasets: list[dict[str, str]] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        return self.status in _ENDED


@dataclass(frozen=True, slots=True)
class LoggedModel:
    """A model that a run logged, and where its files lie."""

    id: str
    name: str
    run: str
    location: str


@dataclass(frozen=True, slots=True)
class MlflowStore:
    runs: list[MlflowRun]
    logged: list[LoggedModel]
    versions: list[Version]


def status_name(written: object) -> str:
    """The file store counts statuses, the database names them."""
    known = isinstance(written, int) and 0 < written < len(_STATUSES)
    return _STATUSES[int(str(written))] if known else str(written)


def moment_ms(written: object) -> int | None:
    """Milliseconds since 1970, in the years that a calendar has; None for anything else."""
    return written if isinstance(written, int) and 0 <= written < 253_402_300_800_000 else None


def as_foreign(
    run: MlflowRun,
    versions: Sequence[Version],
    files: Mapping[str, Sequence[str]],
    given: str | None,
) -> ForeignRun:
    """``files`` lists the relative paths below each of the run's artifact folders."""
    model_file, notes = model_among(files, f"run {run.name or run.id}")
    told = {
        "run": run.name,
        "experiment": run.experiment,
        "tags": {k: v for k, v in run.tags.items() if not k.startswith("mlflow.") or k == _NOTE},
        "registered": [v.to_json() for v in versions if v.run == run.id],
        "datasets": run.datasets,
    }
    source = run.tags.get("mlflow.source.name", "")
    return ForeignRun(
        origin=f"mlflow:{run.id}",
        model=model_name(run.experiment, given),
        outcome=_ENDED[run.status],
        actor=run.user or run.tags.get("mlflow.user", "unknown"),
        params={**run.params, "mlflow": {k: v for k, v in told.items() if v}},
        metrics=_last(run.points),
        data=(),
        outputs=tuple(ForeignData(n, at, "output") for n, at in run.files.items() if files[n]),
        argv=("python", posixpath.basename(source)) if source.endswith(".py") else (),
        commit=run.tags.get("mlflow.source.git.commit"),
        started_at=timestamp(run.start_ms / 1000) if run.start_ms is not None else None,
        steps=tuple(Step(p.name, p.step, p.value) for p in run.points if math.isfinite(p.value)),
        notes=notes,
        model_file=model_file,
    )


def _last(points: Sequence[Point]) -> dict[str, float]:
    """As MLflow does: the value of the highest step counts, of equal ones the newest."""
    ordered = sorted(points, key=lambda p: (p.step, p.at_ms, p.value))
    last = {p.name: p.value for p in ordered}
    return {name: last[name] for name in sorted(last) if math.isfinite(last[name])}
