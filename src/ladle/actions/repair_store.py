"""What a store has lost comes back from whoever has it: itself, another store, the working files.

Nothing is believed by its name: every byte that comes back has the hash that was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from ladle import digest as digests
from ladle.actions.pack_contents import THREADS
from ladle.actions.push_data import push_data
from ladle.actions.snapshot_data import snapshot_data
from ladle.actions.verify_store import ContentCheck, Report
from ladle.digest import CHUNK_BYTES, Digest
from ladle.errors import Conflict, Corrupt, LadleError, NotFound
from ladle.experiments.integrity import Fault, Problem, expected_objects
from ladle.experiments.layout import Layout, layout_of
from ladle.experiments.manifest import Locator, RecordedExperiment
from ladle.experiments.pack import StoredPack
from ladle.experiments.snapshot import Snapshot
from ladle.ports import FileIndex, Health, ObjectStore, PackCatalogue, Progress, Workspace

_ROUNDS = 2  # a layout that comes back names packs that are missing, too


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine has: a repository with its files, and what it knows of them.

    ``packages`` is the folder of its model packages, where a model lies under its own name.
    """

    root: Path
    packages: Path
    files: FileIndex
    packs: PackCatalogue
    progress: Progress


def repair_store(
    workspace: Workspace,
    report: Report,
    machine: Machine,
    others: Sequence[ObjectStore] = (),
    threads: int = THREADS,
) -> None:
    """Tries to mend every problem; a check afterwards says what is mended."""
    ids = sorted({e for p in report.problems for e in _mendable(p)})
    problems: Sequence[Problem] = report.problems
    for _ in range(_ROUNDS):
        for problem in problems:
            if problem.subject.startswith("sha256:"):
                _bring_back(workspace.objects, Digest.parse(problem.subject), machine, others)
                machine.packs.drop(workspace.url, problem.subject)  # so that a push looks anew
        affected = [workspace.manifests.get(i) for i in ids]
        problems = ContentCheck(workspace, threads=threads).check(affected)
    for experiment_id in ids:
        recorded = workspace.manifests.get(experiment_id)
        if ContentCheck(workspace, threads=threads).check([recorded]):
            recorded = _filled(workspace, recorded, machine)
        _point_anew(workspace, recorded)


def _mendable(problem: Problem) -> tuple[str, ...]:
    return problem.needed_by if problem.fault in (Fault.MISSING, Fault.ALTERED) else ()


def _bring_back(
    objects: ObjectStore, digest: Digest, machine: Machine, others: Sequence[ObjectStore]
) -> None:
    if objects.restore(digest) and objects.check(digest) is Health.RIGHT:
        return
    for other in others:
        with NamedTemporaryFile(dir=machine.root) as copy:
            try:
                with other.open(digest) as stream:
                    while chunk := stream.read(CHUNK_BYTES):
                        copy.write(chunk)
            except (NotFound, Corrupt):
                continue
            copy.flush()
            objects.put_if_absent(digest, Path(copy.name))
            return
    for path, seen in machine.files.below(machine.root).items():
        if seen.digest == str(digest) and _put(objects, digest, machine.root / path):
            return


def _put(objects: ObjectStore, digest: Digest, path: Path) -> bool:
    """False when the file is gone, or changed since it was hashed."""
    try:
        objects.put_if_absent(digest, path)
    except (Corrupt, OSError):
        return False
    return True


def _filled(
    workspace: Workspace, recorded: RecordedExperiment, machine: Machine
) -> RecordedExperiment:
    """``recorded`` with a layout that holds what its packs had lost, as far as files have it.

    A model in the working tree is found by its name, since not every file was ever hashed here.
    """
    objects, artefact = workspace.objects, recorded.manifest.artefact
    if artefact and objects.check(Digest.parse(artefact.digest)) is not Health.RIGHT:
        package = machine.packages / recorded.manifest.model
        for path in (machine.root / artefact.name, package / Path(artefact.name).name):
            if _put(objects, Digest.parse(artefact.digest), path):
                break
    if recorded.layout is None:
        return recorded
    left = list(_packs_left(objects, recorded))
    old = _layout(objects, recorded)
    snapshots = list(_snapshots(recorded, machine))
    if not snapshots:
        return recorded
    base = layout_of(set(left))
    pushed = push_data(snapshots, objects, machine.packs, workspace.url, base, machine.progress)
    with objects.open(Digest.parse(pushed.layout), pushed.locator) as stream:
        new = Layout.decode(stream.read())
    guides = {*new.guides, *(old.guides if old else ()), *(p.digest for p in left if not old)}
    packs = {*new.packs, *left}
    return _with_layout(objects, recorded, packs, guides)


def _snapshots(recorded: RecordedExperiment, machine: Machine) -> Iterator[Snapshot]:
    """Data that is in the working tree as it was recorded."""
    manifest = recorded.manifest
    for entry in (*manifest.data, *manifest.outputs):
        try:
            found = snapshot_data(machine.root / entry.name, machine.files, machine.progress)
        except (LadleError, OSError):
            continue
        if found.digest == entry.digest:
            yield found


def _layout(objects: ObjectStore, recorded: RecordedExperiment) -> Layout | None:
    if recorded.layout is None:
        return None
    try:
        with objects.open(Digest.parse(recorded.layout)) as stream:
            return Layout.decode(stream.read())
    except (NotFound, Corrupt):
        return None


def _packs_left(objects: ObjectStore, recorded: RecordedExperiment) -> Iterator[StoredPack]:
    """The packs that are as they should be, with the place where they are now."""
    layout = _layout(objects, recorded)
    for pack in layout.packs if layout else ():
        where = Locator(pack.key, pack.version_id)
        if objects.check(Digest.parse(pack.digest), where) is Health.RIGHT:
            yield pack
        elif (now := objects.locate(Digest.parse(pack.digest))) is not None:
            yield replace(pack, key=now.key, version_id=now.version_id)


def _point_anew(workspace: Workspace, recorded: RecordedExperiment) -> None:
    """Locators name versions: where one is gone, they name the one that was put in its place."""
    objects = workspace.objects
    if recorded.layout is None or (layout := _layout(objects, recorded)) is None:
        return
    packs = set(_packs_left(objects, recorded))
    if len(packs) == len(layout.packs) and packs != set(layout.packs):
        recorded = _with_layout(objects, recorded, packs, set(layout.guides))
    locators = dict(recorded.locators)
    for name in expected_objects(recorded):
        digest, known = Digest.parse(name), locators.get(name)
        if objects.check(digest, known) is not Health.RIGHT:
            locators |= {name: now} if (now := objects.locate(digest)) else {}
    stored = workspace.manifests.get(recorded.manifest.id)
    if (stored.layout, dict(stored.locators)) != (recorded.layout, locators):
        try:
            workspace.manifests.relocate(stored, locators, str(recorded.layout))
        except Conflict:
            return  # somebody else mended it


def _with_layout(
    objects: ObjectStore, recorded: RecordedExperiment, packs: set[StoredPack], guides: set[str]
) -> RecordedExperiment:
    kept = frozenset(guides) & {p.digest for p in packs}
    body = layout_of(packs, kept).encode()
    digest = digests.of_bytes(body)
    where = objects.put_if_absent(digest, body)
    locators = {d: loc for d, loc in recorded.locators.items() if d != recorded.layout}
    return replace(recorded, locators={**locators, str(digest): where}, layout=str(digest))
