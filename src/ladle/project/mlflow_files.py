"""An MLflow store of files (``mlruns/``), read without MLflow: small texts, nothing is unpickled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ladle.errors import LadleError, Place
from ladle.experiments.dvc_files import read_yaml
from ladle.experiments.mlflow_runs import (
    LoggedModel,
    MlflowRun,
    MlflowStore,
    Point,
    Version,
    moment_ms,
    status_name,
)
from ladle.project.foreign_files import Findings, plain_files, read_file

META = "meta.yaml"
_RUN = re.compile(r"[0-9a-f]{32}")


def is_store(root: Path) -> bool:
    """Whether experiments lie here: folders with a meta.yaml."""
    return any(_experiments(root))


def read_files(root: Path) -> MlflowStore:
    """Every mistake of every file at once."""
    return _Reading(root).store()


def _experiments(root: Path) -> Iterator[Path]:
    for path in sorted(root.glob(f"*/{META}")):
        if path.parent.name not in ("models", ".trash") and not path.parent.is_symlink():
            yield path.parent


class _Reading:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._wrong = Findings()

    def store(self) -> MlflowStore:
        runs, models = [], []
        for folder in _experiments(self._root):
            about = self._meta(folder)
            if about.get("lifecycle_stage") == "active":
                runs += list(self._runs(folder, str(about.get("name", ""))))
                models += list(self._logged(folder))
        versions = list(self._versions())
        self._wrong.raise_any()
        return MlflowStore(runs, models, versions)

    def _runs(self, experiment: Path, name: str) -> Iterator[MlflowRun]:
        for folder in sorted(experiment.iterdir()):
            if not _RUN.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
                continue
            about = self._meta(folder)
            if about.get("lifecycle_stage") != "active":
                continue
            yield MlflowRun(
                id=folder.name,
                experiment=name,
                name=str(about.get("run_name") or ""),
                status=status_name(about.get("status")),
                user=str(about.get("user_id") or ""),
                start_ms=moment_ms(about.get("start_time")),
                artifact_uri=str(about.get("artifact_uri") or ""),
                params=self._texts(folder / "params"),
                points=list(self._points(folder / "metrics")),
                tags=self._texts(folder / "tags"),
                datasets=list(self._datasets(experiment, folder)),
            )

    def _points(self, folder: Path) -> Iterator[Point]:
        for name, text in self._texts(folder).items():
            for nth, line in enumerate(text.splitlines(), 1):
                try:
                    at, value, *step = line.split(" ")
                    yield Point(name, float(value), int(step[0]) if step else 0, int(at))
                except ValueError:
                    place = Place(self._shown(folder / name), nth)
                    what = f"{line[:60]!r} is no logged metric: time, value, step"
                    self._wrong.add(LadleError("LD391", what, "mend or remove the line", place))

    def _texts(self, folder: Path) -> dict[str, str]:
        """By relative path: MLflow makes folders of names with a slash."""
        found: dict[str, str] = {}
        for name in plain_files(folder, frozenset()):
            try:
                content = read_file(folder / name, self._shown(folder / name))
                found[name] = content.decode("utf-8")
                name.encode("utf-8")
            except LadleError as error:
                self._wrong.add(error)
            except UnicodeError:
                place = Place(self._shown(folder / name))
                self._wrong.add(LadleError("LD391", "this is not UTF-8", "save it as UTF-8", place))
        return found

    def _datasets(self, experiment: Path, run: Path) -> Iterator[dict[str, str]]:
        for path in sorted(run.glob(f"inputs/*/{META}")):
            source = str(self._meta(path.parent).get("source_id", ""))
            about = experiment / "datasets" / source
            if re.fullmatch(r"\w+", source) and (about / META).is_file():
                found = self._meta(about)
                yield {"name": str(found.get("name")), "digest": str(found.get("digest"))}

    def _logged(self, experiment: Path) -> Iterator[LoggedModel]:
        for path in sorted(experiment.glob(f"models/*/{META}")):
            about = self._meta(path.parent)
            yield LoggedModel(
                path.parent.name,
                str(about.get("name", "")),
                str(about.get("source_run_id", "")),
                str(about.get("artifact_location", "")),
            )

    def _versions(self) -> Iterator[Version]:
        for path in sorted(self._root.glob(f"models/*/{META}")):
            aliases = self._meta(path.parent).get("aliases")
            named = aliases if isinstance(aliases, Mapping) else {}
            for version in sorted(path.parent.glob(f"version-*/{META}")):
                about = self._meta(version.parent)
                number = str(about.get("version", ""))
                pointing = sorted(str(a) for a, v in named.items() if str(v) == number)
                yield Version(
                    str(about.get("name", "")),
                    number,
                    str(about.get("run_id") or ""),
                    tuple(pointing),
                )

    def _meta(self, folder: Path) -> Mapping[str, Any]:
        name = self._shown(folder / META)
        try:
            return read_yaml(read_file(folder / META, name), name)
        except LadleError as error:
            self._wrong.add(error)
            return {}

    def _shown(self, path: Path) -> str:
        name = path.relative_to(self._root).as_posix()
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
