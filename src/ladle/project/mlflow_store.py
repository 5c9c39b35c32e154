"""Runs of MLflow with their files, which are read below the folder that was named and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ladle.errors import Finding, NotFound, Place
from ladle.experiments.foreign import ForeignRun, inner_path
from ladle.experiments.mlflow_runs import ARTIFACTS, MlflowRun, MlflowStore, as_foreign
from ladle.project.foreign_files import Findings, plain_files
from ladle.project.mlflow_database import read_database
from ladle.project.mlflow_files import is_store, read_files

DATABASE = "mlflow.db"
_ROOTS = ("", "mlruns", "mlartifacts")  # where servers and clients put files, beside the store
_LOCAL = ("", "file", "mlflow-artifacts")
_PART = re.compile(r"[\w-]+")


def read_mlflow(
    path: Path, model: str | None = None, with_files: bool = True
) -> tuple[Sequence[ForeignRun], Sequence[str]]:
    """Runs that ended, oldest first, and what is said of the others. Raises LD390 to LD395."""
    base, store = _store(path.resolve())
    notes = [
        f"run {r.name or r.id} is left out: it has not ended" for r in store.runs if not r.has_ended
    ]
    runs = [run for run in store.runs if run.has_ended]
    if with_files:
        _Files(base, store).give_to(runs)
    listed = {run.id: {name: _plain(at) for name, at in run.files.items()} for run in runs}
    runs.sort(key=lambda r: (r.start_ms or 0, r.id))
    return [as_foreign(run, store.versions, listed[run.id], model) for run in runs], notes


def _store(path: Path) -> tuple[Path, MlflowStore]:
    if path.is_file():
        return path.parent, read_database(path)
    if (path / DATABASE).is_file():
        return path, read_database(path / DATABASE)
    for root in (path, path / "mlruns"):
        if is_store(root):
            return path, read_files(root)
    raise NotFound(
        "LD390",
        f"{path.name or path} is no MLflow store: neither {DATABASE} nor experiments with a meta.yaml",
        "name the folder mlruns, the one above it, or the database file",
    )


class _Files:
    """Finds the folders that runs and logged models name by addresses, often of another machine."""

    def __init__(self, base: Path, store: MlflowStore) -> None:
        self._base = base
        self._store = store
        self._wrong = Findings()

    def give_to(self, runs: Sequence[MlflowRun]) -> None:
        by_id = {run.id: run for run in runs}
        far = {run.id: uri for run in runs if (uri := self._give(run, ARTIFACTS, run.artifact_uri))}
        for logged in self._store.logged:
            if run := by_id.get(logged.run):
                place = Place(f"logged model {logged.id}")
                name = f"models/{inner_path(logged.name, place)}"
                name = f"{name}-{logged.id}" if name in run.files else name
                if uri := self._give(run, name, logged.location):
                    far[logged.id] = uri
        if far:
            shown = ", ".join(f"{key} in {uri}" for key, uri in list(far.items())[:3])
            self._wrong.found.append(
                Finding(
                    "LD395",
                    f"the files of {len(far)} runs or models lie outside of this store: {shown}",
                    f"copy them to {self._base.name}/mlartifacts/<experiment>/<run>/artifacts, or "
                    "leave them out: --no-artifacts",
                )
            )
        self._wrong.raise_any()

    def _give(self, run: MlflowRun, name: str, uri: str) -> str | None:
        """The address, without credentials, when it leads to where nothing is read."""
        address = urlsplit(uri)
        path = unquote(address.path)
        parts = [p for p in path.split("/") if p][-4:]
        for at in self._places(parts):
            if at.is_dir() and at.resolve().is_relative_to(self._base.resolve()):
                run.files[name] = at
                return None
        if address.scheme in _LOCAL and not Path(path).exists():
            return None  # nothing was logged
        return f"{address.scheme or 'file'}://{address.hostname or ''}{path}"[:200]

    def _places(self, parts: Sequence[str]) -> Sequence[Path]:
        """``<experiment>/<run>/artifacts`` and ``<experiment>/models/<model>/artifacts``."""
        if not all(map(_PART.fullmatch, parts)):
            return ()
        tails = [parts[-3:], parts[-4:]]
        return [self._base.joinpath(root, *tail) for tail in tails for root in _ROOTS]


def _plain(folder: Path) -> Sequence[str]:
    return [n for n in plain_files(folder, frozenset()) if not (folder / n).is_symlink()]
