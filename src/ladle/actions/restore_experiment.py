"""Data, outputs and model of an experiment lie at their paths again; nothing else is overwritten."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ladle import digest as digests
from ladle.actions.pull_data import pull_data
from ladle.actions.read_data import DataReader
from ladle.actions.read_experiment import ExperimentReader
from ladle.digest import Digest
from ladle.errors import LadleError, NotFound
from ladle.experiments.manifest import DataInput, ModelArtefact, RecordedExperiment
from ladle.experiments.tree import Kind, TreeEntry
from ladle.ports import ObjectStore, Progress

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Restored:
    """``name`` is the path below the folder that things were restored to, POSIX."""

    name: str
    bytes: int
    files: int


def restore_data(
    reader: DataReader,
    wanted: Sequence[DataInput | TreeEntry],
    folder: Path,
    progress: Progress,
    force: bool = False,
) -> Iterator[Restored]:
    """Each at its name below ``folder``. Raises LD353 for what is there and is something else."""
    for entry in wanted:
        to = folder / safe_name(entry.name)
        pull_data(reader, entry, to, progress, force)
        yield Restored(entry.name, entry.bytes, entry.files)


def restore_model(
    objects: ObjectStore,
    recorded: RecordedExperiment,
    artefact: ModelArtefact,
    to: Path,
    force: bool = False,
) -> None:
    """Streams the model to ``to``, whole or not at all. Raises LD353 for another file there."""
    digest = Digest.parse(artefact.digest)
    if to.is_file():
        with to.open("rb") as stream:
            if digests.of_stream(stream)[0] == digest:
                return
    if os.path.lexists(to) and not (force and to.is_file()):
        raise LadleError(
            "LD353",
            f"{to} is there already and is something else",
            "move it away, or pull with --force to have it replaced",
        )
    to.parent.mkdir(parents=True, exist_ok=True)
    with (
        objects.open(digest, recorded.locators.get(artefact.digest)) as source,
        tempfile.TemporaryDirectory(prefix=".ladle-", dir=to.parent) as folder,
    ):
        new = Path(folder, to.name)
        with new.open("wb") as file:
            while block := source.read(_BLOCK_BYTES):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, to)


def named(
    recorded: RecordedExperiment, reader: ExperimentReader, path: str | None
) -> list[DataInput | TreeEntry]:
    """Data and outputs that ``path`` names: one of them, those below it, or a part of a folder."""
    manifest = recorded.manifest
    every: list[DataInput | TreeEntry] = [*manifest.data, *manifest.outputs]
    if path is None:
        return every
    found = [e for e in every if e.name == path or e.name.startswith(f"{path}/")]
    if found:
        return found
    around = [e for e in every if path.startswith(f"{e.name}/")]
    return [_within(reader.data(recorded), e, path) for e in around]


def _within(reader: DataReader, folder: DataInput | TreeEntry, path: str) -> TreeEntry:
    """The entry at ``path`` of a recorded folder, by its whole name."""
    digest, entry = folder.digest, None
    for part in PurePosixPath(path).relative_to(folder.name).parts:
        inside = {e.name: e for e in reader.tree(digest)} if digest else {}
        entry = inside.get(part)
        if entry is None:
            raise NotFound(
                "LD378", f"{folder.name} has nothing named {path}", "ladle show ID names its data"
            )
        digest = entry.digest if entry.kind is Kind.FOLDER else ""
    if entry is None:
        raise ValueError(f"{path} is {folder.name} itself")
    return replace(entry, name=path)


def safe_name(name: str) -> PurePosixPath:
    """``name`` as a path that stays below the folder it is put in. Raises LD379."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise LadleError(
            "LD379",
            f"the experiment names {name!r}, which would be written outside of the folder",
            "whoever recorded it did not use ladle record: do not trust it",
        )
    return path
