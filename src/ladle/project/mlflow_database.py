"""An MLflow store in SQLite, read without MLflow; the file is opened for reading only."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from ladle.errors import LadleError, NotFound, Place
from ladle.experiments.mlflow_runs import (
    LoggedModel,
    MlflowRun,
    MlflowStore,
    Point,
    Version,
    moment_ms,
)

_HUGE = 1.797e308  # how MLflow writes an infinite value into SQL

_RUNS = """
    SELECT r.run_uuid, e.name, r.name, r.status, r.user_id, r.start_time, r.artifact_uri
    FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
    WHERE r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active'
    ORDER BY r.start_time, r.run_uuid"""
_POINTS = "SELECT run_uuid, key, value, is_nan, step, timestamp FROM metrics"
_DATASETS = """
    SELECT i.destination_id, d.name, d.digest
    FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id
    WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' ORDER BY 1, 2, 3"""
_VERSIONS = "SELECT name, version, run_id FROM model_versions ORDER BY name, version"
_ALIASES = "SELECT name, version, alias FROM registered_model_aliases ORDER BY name, version, alias"
_LOGGED = """
    SELECT model_id, name, source_run_id, artifact_location FROM logged_models
    WHERE lifecycle_stage = 'active' ORDER BY creation_timestamp_ms, model_id"""


def read_database(path: Path) -> MlflowStore:
    """Raises LD391 for a file that is no database, or not one of MLflow."""
    if not path.is_file():
        raise NotFound("LD390", f"there is no MLflow database {path.name}", "check the path")
    try:
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as connection:
            return _Reading(connection).store()
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        raise LadleError(
            "LD391",
            f"this is no database that MLflow 2 or 3 wrote: {error}",
            "restore it; a database that a server has open can be copied by sqlite3's .backup",
            Place(path.name),
        ) from error


class _Reading:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        self._tables = {row[0] for row in rows}

    def store(self) -> MlflowStore:
        runs = {run.id: run for run in map(_run, self._connection.execute(_RUNS))}
        self._fill(runs)
        logged = [LoggedModel(*map(_text, row)) for row in self._rows("logged_models", _LOGGED)]
        return MlflowStore(list(runs.values()), logged, list(self._versions()))

    def _fill(self, runs: dict[str, MlflowRun]) -> None:
        nobody = MlflowRun("", "", "", "", "", None, "")
        for run, key, value in self._connection.execute("SELECT run_uuid, key, value FROM params"):
            runs.get(run, nobody).params[_text(key)] = _text(value)
        for run, key, value in self._connection.execute("SELECT run_uuid, key, value FROM tags"):
            runs.get(run, nobody).tags[_text(key)] = _text(value)
        for run, key, value, is_nan, step, at_ms in self._connection.execute(_POINTS):
            number = math.nan if is_nan or abs(value) >= _HUGE else float(value)
            runs.get(run, nobody).points.append(Point(_text(key), number, int(step), int(at_ms)))
        for run, name, digest in self._rows("datasets", _DATASETS):
            runs.get(run, nobody).datasets.append({"name": _text(name), "digest": _text(digest)})

    def _versions(self) -> Iterator[Version]:
        aliases: dict[tuple[Any, Any], list[str]] = {}
        for name, version, alias in self._rows("registered_model_aliases", _ALIASES):
            aliases.setdefault((name, version), []).append(_text(alias))
        for name, version, run in self._rows("model_versions", _VERSIONS):
            pointing = tuple(aliases.get((name, version), ()))
            yield Version(_text(name), _text(version), _text(run), pointing)

    def _rows(self, table: str, query: str) -> Iterator[tuple[Any, ...]]:
        """Nothing where the MLflow that wrote this had no such table yet."""
        if table in self._tables:
            yield from self._connection.execute(query)


def _run(row: tuple[Any, ...]) -> MlflowRun:
    key, experiment, name, status, user, start_ms, artifact_uri = row
    return MlflowRun(
        _text(key),
        _text(experiment),
        _text(name),
        _text(status),
        _text(user),
        moment_ms(start_ms),
        _text(artifact_uri),
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)
