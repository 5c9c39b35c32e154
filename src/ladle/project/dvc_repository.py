"""A DVC repository, read without DVC: each dvc.lock is an experiment, with the data that it names.

The bytes come from DVC's cache, from remotes that are folders, or from the checked-out files, and
only where their md5 may be right; what is missing is told all at once.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladle.digest import of_json
from ladle.errors import LadleError, NotFound
from ladle.experiments.dvc_files import (
    FOLDER_END,
    DvcSettings,
    Stage,
    Tracked,
    check_text,
    metric_files,
    read_folder,
    read_lock,
    read_settings,
    read_tracked,
    read_yaml,
    with_parents,
    work_folders,
)
from ladle.experiments.foreign import (
    Cached,
    ForeignData,
    ForeignRun,
    is_model,
    missing,
    model_among,
    model_name,
    numbers,
)
from ladle.project.foreign_files import Findings, plain_files, read_file

LOCK, PIPELINE, POINTER = "dvc.lock", "dvc.yaml", ".dvc"
_SKIPPED = frozenset({".git", ".dvc", ".ladle", "node_modules", ".venv"})


@dataclass(frozen=True, slots=True)
class CodeState:
    """Which commit the files are of, and who made it."""

    commit: str | None
    is_dirty: bool
    author: str


def read_dvc(
    home: Path, tree: Path, code: CodeState, model: str | None = None
) -> Sequence[ForeignRun]:
    """``home`` has the folder .dvc; ``tree`` is the repository as of the commit, often ``home``.

    Raises all that is wrong at once: LD390 to LD393.
    """
    if not (home / ".dvc").is_dir():
        raise NotFound(
            "LD390",
            f"{home.name or home} is no DVC repository: it has no folder .dvc",
            "name its root",
        )
    return _Reading(home.resolve(), tree.resolve(), code, model).runs()


class _Reading:
    def __init__(self, home: Path, tree: Path, code: CodeState, model: str | None) -> None:
        self._home = home
        self._tree = tree
        self._code = code
        self._model = model
        self._wrong = Findings()
        self._settings = self._read_settings()
        self._roots = _roots(home, self._settings)
        self._missing: list[str] = []

    def runs(self) -> Sequence[ForeignRun]:
        names = list(plain_files(self._tree, _SKIPPED))
        pointed = self._pointed([n for n in names if n.endswith(POINTER)])
        locks = [n for n in names if posixpath.basename(n) == LOCK]
        folders = [posixpath.dirname(lock) for lock in locks]
        alone = {p: t for p, t in pointed.items() if not any(_is_below(p, f) for f in folders)}
        found = [self._run(lock, pointed) for lock in locks]
        found += [self._run("", alone)] if alone else []
        if self._missing:
            self._wrong.found.append(self._not_here())
        self._wrong.raise_any()
        if not found:
            raise NotFound(
                "LD390", "DVC keeps nothing here: no dvc.lock and no .dvc file", "dvc add"
            )
        return [run for run in found if run]

    def _run(self, lock: str, pointed: Mapping[str, Tracked]) -> ForeignRun | None:
        try:
            pipeline = self._pipeline(posixpath.join(posixpath.dirname(lock), PIPELINE))
            content = self._read(lock) if lock else b"{}"
            stages = read_lock(content, lock, work_folders(pipeline)) if lock else ()
        except LadleError as error:
            self._wrong.add(error)
            return None
        folder = posixpath.dirname(lock)
        made = {out.path: out for stage in stages for out in stage.outs}
        used = self._used(stages, made, pointed, folder)
        made |= {t.path: t for t in used.values() if is_model(t.path) and t.path in pointed}
        used = {path: t for path, t in used.items() if path not in made}
        outputs = [self._data(t, "output") for t in made.values()]
        data = [self._data(t, "train") for t in used.values()]
        inside = {o.name: list(o.at) for o in outputs if isinstance(o.at, Mapping)}
        model_file, notes = model_among(inside, lock or "the .dvc files")
        params = {name: value for stage in stages for name, value in stage.params.items()}
        return ForeignRun(
            origin=_origin(lock, stages, [*used.values(), *made.values()]),
            model=model_name(posixpath.basename(folder) or self._home.name, self._model),
            outcome="succeeded",
            actor=self._code.author,
            params=params,
            metrics=self._metrics(pipeline, posixpath.join(folder, PIPELINE), outputs),
            data=tuple(data),
            outputs=tuple(outputs),
            argv=_command(stages),
            commit=self._code.commit,
            is_dirty=self._code.is_dirty,
            notes=notes,
            model_file=model_file,
        )

    def _used(
        self,
        stages: Sequence[Stage],
        made: Mapping[str, Tracked],
        pointed: Mapping[str, Tracked],
        folder: str,
    ) -> dict[str, Tracked]:
        """Data: what a .dvc file tracks beside the lock, and what a stage read that no stage made.

        A file that only Git keeps is code, which the commit names.
        """
        near = {p: t for p, t in pointed.items() if _is_below(p, folder)}
        read = {d.path: d for stage in stages for d in stage.deps}
        read = {p: d for p, d in read.items() if not made.keys() & set(with_parents(p))}
        return near | {p: d for p, d in read.items() if p in pointed or self._is_kept(d)}

    def _is_kept(self, tracked: Tracked) -> bool:
        return self._cached(tracked) is not None or not (self._tree / tracked.path).exists()

    def _data(self, tracked: Tracked, role: str) -> ForeignData:
        return ForeignData(tracked.path, self._files(tracked), role, (tracked.alias,))

    def _files(self, tracked: Tracked) -> Mapping[str, Cached]:
        if not tracked.is_folder:
            path = self._cached(tracked) or self._checked_out(tracked)
            if path is None:
                self._missing.append(tracked.path)
            return {"": Cached(path, tracked.md5, tracked.is_legacy)} if path else {}
        listed = self._cached(tracked)
        if listed is None:
            self._missing.append(f"{tracked.path}/")
            return {}
        try:
            inside = read_folder(read_file(listed, tracked.path), tracked.path)
        except LadleError as error:
            self._wrong.add(error)
            return {}
        found = {}
        for name, md5 in inside.items():
            file = Tracked(f"{tracked.path}/{name}", md5, False, tracked.is_legacy)
            where = self._cached(file) or self._checked_out(file)
            if where is None:
                self._missing.append(file.path)
            else:
                found[name] = Cached(where, md5, tracked.is_legacy)
        return found

    def _cached(self, tracked: Tracked) -> Path | None:
        end = FOLDER_END if tracked.is_folder else ""
        name = f"{tracked.md5[:2]}/{tracked.md5[2:]}{end}"
        for root in self._roots:
            for path in (root / "files" / "md5" / name, root / name):
                if path.is_file() and not path.is_symlink():
                    return path
        return None

    def _checked_out(self, tracked: Tracked) -> Path | None:
        """The file as people see it, when it still is what DVC knows and lies where it says."""
        path = self._tree / tracked.path
        inside = path.resolve().is_relative_to(self._tree.resolve())
        if not path.is_file() or not inside:
            return None
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
        return path if found.hexdigest() == tracked.md5 else None

    def _metrics(
        self, pipeline: Mapping[str, Any], file: str, outputs: Sequence[ForeignData]
    ) -> Mapping[str, float]:
        found: dict[str, float] = {}
        kept = {o.name: o.at[""].path for o in outputs if isinstance(o.at, Mapping) and "" in o.at}
        try:
            for name in dict.fromkeys(metric_files(pipeline, file)):
                path = kept.get(name, self._tree / name)
                for key, value in self._numbers(path, name) if path.is_file() else ():
                    found[f"{name}:{key}" if key in found else key] = value
        except LadleError as error:
            self._wrong.add(error)
        return found

    def _numbers(self, path: Path, name: str) -> Iterator[tuple[str, float]]:
        content = read_file(path, name)
        if name.endswith((".yaml", ".yml")):
            return numbers(read_yaml(content, name, by_hand=True))
        try:
            found = json.loads(content) if name.endswith(".json") else {}
            check_text(found, name)
            return numbers(found)
        except (ValueError, RecursionError) as error:
            raise LadleError(
                "LD391", f"{name}: the metrics are no JSON: {error}", "mend it, or write it again"
            ) from error

    def _pointed(self, names: Sequence[str]) -> Mapping[str, Tracked]:
        found = {}
        for name in names:
            try:
                found.update({t.path: t for t in read_tracked(self._read(name), name)})
            except LadleError as error:
                self._wrong.add(error)
        return found

    def _pipeline(self, name: str) -> Mapping[str, Any]:
        path = self._tree / name
        return read_yaml(self._read(name), name, by_hand=True) if path.exists() else {}

    def _read(self, name: str) -> bytes:
        return read_file(self._tree / name, name)

    def _read_settings(self) -> DvcSettings:
        found = {}
        for name in (".dvc/config", ".dvc/config.local"):
            if (self._home / name).exists():
                found[name] = read_file(self._home / name, name).decode("utf-8", "replace")
        return read_settings(found)

    def _not_here(self) -> Any:
        far = [f"{name} ({kind})" for name, kind in self._settings.elsewhere.items()]
        also = f"; the remote {', '.join(far)} is not read by Ladle" if far else ""
        return missing(
            self._missing,
            f"the bytes of {len(self._missing)} files are in no cache and no remote folder{also}",
            "bring them here with DVC, then import again: dvc fetch (--all-commits for history)",
        )


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _roots(home: Path, settings: DvcSettings) -> Sequence[Path]:
    """Where DVC keeps bytes. Written paths are relative to .dvc."""
    written = [settings.cache or "cache", *settings.folders]
    return [home / ".dvc" / Path(path).expanduser() for path in written]


def _origin(lock: str, stages: Sequence[Stage], tracked: Sequence[Tracked]) -> str:
    """By content alone: the same state in another clone, or at a later commit, is the same."""
    ran = [[s.name, list(s.commands), dict(s.params)] for s in stages]
    kept = sorted([t.path, t.alias] for t in tracked)
    return f"dvc:{of_json({'lock': lock, 'stages': ran, 'tracked': kept})}"


def _command(stages: Sequence[Stage]) -> tuple[str, ...]:
    commands = [command for stage in stages for command in stage.commands]
    return ("sh", "-c", " && ".join(commands)) if commands else ()
