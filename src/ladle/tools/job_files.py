"""What travels to a training job and back: the tree as it was when the job was started, in plain tars."""

from __future__ import annotations

import gzip
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladle.errors import Corrupt, LadleError, NotFound
from ladle.tools import training_entry
from ladle.tools.git import OWN, Git, is_secret_file
from ladle.tools.own_wheel import write_wheel
from ladle.tools.worktrees import add_worktree, apply_patch
from ladle.version import __version__

_STATUS = "status.json"


@dataclass(frozen=True, slots=True)
class JobEnding:
    """How the command ended by the word of the job itself; ``problem`` when it could not begin."""

    status: int
    problem: str | None


def take_tree(root: Path, place: Path) -> Path:
    """A worktree at ``place`` with what is committed and what is not; ``root`` as it is in there."""
    now = Git().snapshot(root)
    below = add_worktree(root, place, now.commit) if now.commit else None
    if below is None or (now.patch and not apply_patch(place, now.patch)):
        raise LadleError(
            "LD396",
            "this tree cannot be taken along: it has no commit, or Git makes no worktree of it",
            "commit first: git add --all && git commit",
        )
    return place / below


def pack_job(
    to: Path, place: Path, root: Path, tree: Path, data: Sequence[str], job: Mapping[str, Any]
) -> Mapping[str, Path]:
    """The files of a job by channel: the code of ``tree``, ``data`` below ``root`` as it is now."""
    to.mkdir(parents=True, exist_ok=True)
    below = tree.relative_to(place)
    code = (p for p in sorted(place.rglob("*")) if _is_code(p.relative_to(place)))
    files = {"code": _tar(to / "code.tar.gz", ((p, p.relative_to(place)) for p in code))}
    if data:
        inside = (p for name in data for p in sorted((root / name).rglob("*")))
        wanted = [p for p in inside if _is_code(p.relative_to(root))]
        rows = ((p, below / p.relative_to(root)) for p in (*(root / n for n in data), *wanted))
        files["data"] = _tar(to / "data.tar.gz", rows)
    folder = (below / job["folder"]).as_posix()
    told = to / "job.json"
    told.write_text(json.dumps({**job, "folder": folder, "version": __version__}, sort_keys=True))
    entry = Path(training_entry.__file__)
    return {**files, "entry": entry, "wheel": write_wheel(to), "job": told}


def below_root(root: Path, here: Path, paths: Iterable[Path]) -> Iterator[str]:
    """Names of data that a job takes along. Raises LD397 for what is not there, or not below ``root``."""
    for path in paths:
        file = (here / path).absolute()
        if not file.exists() or not file.is_relative_to(root) or ".." in file.parts:
            raise NotFound(
                "LD397",
                f"{path} cannot be taken along: it is not there, or not in this repository",
                "copy it below the repository, or let the script fetch it",
            )
        yield file.relative_to(root).as_posix()


def unpack_run(archive: Path, folder: Path) -> JobEnding | None:
    """The job's run in a folder of the outbox, its sources as absolute paths.

    None when it was killed before it could say how it ended: its log counts then, and nothing else.
    Raises LD258.
    """
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".job-") as place:
            with tarfile.open(archive) as files:
                files.extractall(place, filter="data")
            run = Path(place, "run")
            ended = (run / _STATUS).exists()
            for path in run.glob("*" if ended else "log"):
                shutil.move(path, folder / path.name)
        if not ended:
            return None
        ending = json.loads((folder / _STATUS).read_text())
        _find_sources(folder)
        return JobEnding(int(ending["status"]), ending["problem"])
    except (OSError, tarfile.TarError, ValueError, KeyError, AttributeError, EOFError) as error:
        raise Corrupt(
            "LD258",
            f"what the training job left cannot be read: {error}",
            "look at output/output.tar.gz below the job's name in the store's bucket",
        ) from error


def _find_sources(folder: Path) -> None:
    inner = folder / "inner.json"
    if inner.exists():
        draft = json.loads(inner.read_text())
        draft["sources"] = {name: str(folder / path) for name, path in draft["sources"].items()}
        inner.write_text(json.dumps(draft))


def _is_code(path: Path) -> bool:
    """Not what Git and Ladle keep for themselves, and no secret by its name."""
    return not {".git", OWN} & {*path.parts} and not is_secret_file(path.name)


def _tar(to: Path, rows: Iterable[tuple[Path, Path]]) -> Path:
    """Without owners and times: the same tree gives the same bytes."""
    with (
        to.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for path, name in rows:
            archive.add(path, name.as_posix(), recursive=False, filter=_plain)
    return to


def _plain(row: tarfile.TarInfo) -> tarfile.TarInfo:
    row.uid = row.gid = 0
    row.uname = row.gname = ""
    row.mtime = 0
    return row
