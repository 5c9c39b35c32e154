"""Personal data is destroyed in every version of every pack; a tombstone says what, when, who, why.

The manifests stay as they are, and so does the chain: they name the data by its hash alone. What other
files have in common with an erased one is theirs, and stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ladle.actions.collect_garbage import SWEEP_S, Marks, begun_sweep, listed
from ladle.actions.pack_contents import THREADS
from ladle.actions.repack import Packed, rewrite
from ladle.digest import Digest
from ladle.errors import Corrupt, NotFound, Unavailable
from ladle.experiments.garbage import CollectPolicy
from ladle.experiments.integrity import expected_objects
from ladle.experiments.manifest import DataInput, RecordedExperiment
from ladle.experiments.pack import END_BYTES, PackIndex, index_size, read_index
from ladle.experiments.reach import Part, reach
from ladle.experiments.upkeep import Gone, Tombstone
from ladle.ports import Clock, ObjectStore, StoredObject, Workspace


@dataclass(frozen=True, slots=True)
class Target:
    """One content, the name under which it was recorded first, and the experiments that have it."""

    digest: str
    name: str
    experiments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """``shared`` are contents that stay, because files that were not erased have them too."""

    tombstones: tuple[Tombstone, ...]
    packs: tuple[str, ...]
    moved: int
    shared: int


def find_targets(workspace: Workspace, what: str, threads: int = THREADS) -> tuple[Target, ...]:
    """``what`` is a digest, or a path as it was recorded: of a file in every version that it had, or
    of a folder with all below it. Raises NotFound LD365.
    """
    marks = Marks(workspace, threads)
    found: dict[str, dict[str, str]] = {}
    for experiment in marks.packed():
        for need in experiment.reach.needs.values():
            if need.part is Part.FILE and _is_named(what, need.digest, need.path):
                _add(found, need.digest, need.path, experiment.recorded)
    for recorded in marks.kept:
        for digest, name in _objects(recorded).items():
            if _is_named(what, digest, name):
                _add(found, digest, name, recorded)
    if not found:
        raise NotFound(
            "LD365",
            f"no experiment has {what}, or it was erased before",
            "name a path as ladle show prints it, or a digest: sha256:…",
        )
    return tuple(
        Target(digest, next(iter(names.values())), tuple(names)) for digest, names in found.items()
    )


def erase(
    workspace: Workspace,
    targets: Sequence[Target],
    reason: str,
    by: str,
    clock: Clock,
    threads: int = THREADS,
) -> Erased:
    """Ends the time to undo of every collection so far: what they took might hold it too.

    Idempotent, and finished by another call when it was cut short.
    """
    stones = tuple(
        Tombstone(t.digest, Gone.ERASED, t.name, clock.now(), by, reason) for t in targets
    )
    marks = Marks(workspace, threads)
    before = marks.packed()
    made_of = {digest for e in before for digest in _parts(e, {t.digest for t in targets})}
    workspace.upkeep.bury(stones)
    epoch = begun_sweep(workspace, clock)
    try:
        marks.read()
        after = marks.packed()
        names = {stone.subject for stone in stones}
        needed = {digest for e in after for digest in e.reach.needs}
        had = {digest for e in before for digest in e.reach.needs}
        doomed = (had | names) - needed
        holding = _packs_with(workspace.objects, doomed)
        moved = rewrite(workspace.objects, workspace.manifests, marks.shelf, after, holding)
        _refuse_unmoved(workspace, holding)
        _destroy_swept(workspace, marks)
        for digest in (*holding, *(names - needed)):
            workspace.upkeep.prolong_sweep(epoch, clock.now() + SWEEP_S)
            workspace.objects.erase(Digest.parse(digest))
    finally:
        workspace.upkeep.finish_sweep(epoch)
    return Erased(stones, tuple(holding), moved, len(made_of & needed))


def refuse_erased(workspace: Workspace, digests: Collection[str]) -> None:
    """Raises NotFound LD366 for what is gone on purpose, which no repair brings back."""
    stones = workspace.upkeep.tombstones()
    for digest in digests:
        if (stone := stones.get(digest)) is not None:
            raise NotFound("LD366", told(stone), "the rest of the experiment can still be read")


def told(stone: Tombstone) -> str:
    done = "was erased" if stone.kind is Gone.ERASED else "was let go"
    return f"{stone.name} {done} by {stone.by}: {stone.reason}"


def _is_named(what: str, digest: str, path: str) -> bool:
    folder = what.rstrip("/") + "/"
    return what in (digest, path) or path.startswith(folder)


def _add(
    found: dict[str, dict[str, str]], digest: str, name: str, recorded: RecordedExperiment
) -> None:
    found.setdefault(digest, {})[recorded.manifest.id] = name


def _objects(recorded: RecordedExperiment) -> Mapping[str, str]:
    manifest = recorded.manifest
    known = {manifest.artefact.digest: manifest.artefact.name} if manifest.artefact else {}
    known |= {f.digest: f.name for f in manifest.data if f.kind == "file"}
    alone = [d for d in expected_objects(recorded) if d != recorded.layout]
    return {d: known.get(d, d) for d in alone}


def _parts(experiment: Packed, files: Collection[str]) -> Collection[str]:
    """All that these files are made of, whoever else is made of it."""
    needs = experiment.reach.needs
    inputs = [DataInput(needs[f].path, f, needs[f].bytes or 0) for f in files if f in needs]
    contents = experiment.contents
    return reach(inputs, contents.slot_of, contents.bodies).needs


def _packs_with(objects: ObjectStore, doomed: set[str]) -> list[str]:
    """Every pack in the store that holds any of it, whether an experiment refers to it or not."""
    return [
        str(stored.digest)
        for stored in list(objects.stored())
        if not doomed.isdisjoint(_index(objects, stored))
    ]


def _index(objects: ObjectStore, stored: StoredObject) -> PackIndex:
    """Empty for what is no pack."""
    if stored.bytes < END_BYTES:
        return {}
    end = objects.read(stored.digest, stored.bytes - END_BYTES, END_BYTES)
    size = index_size(end)
    if size is None or size > stored.bytes - END_BYTES:
        return {}
    rows = objects.read(stored.digest, stored.bytes - END_BYTES - size, size)
    try:
        return read_index(rows, str(stored.digest))
    except Corrupt:
        return {}


def _refuse_unmoved(workspace: Workspace, holding: Collection[str]) -> None:
    """A pack that an experiment still names, since somebody moved it meanwhile, is not destroyed."""
    marks = Marks(workspace, 1)
    if any(p.digest in holding for e in marks.packed() for p in e.layout.packs):
        raise Unavailable(
            "LD367", "an experiment was moved by somebody else meanwhile", "erase it again"
        )


def _destroy_swept(workspace: Workspace, marks: Marks) -> None:
    live = marks.live(CollectPolicy(), 0.0)
    for sweep in workspace.upkeep.sweeps():
        try:
            names = listed(workspace, sweep)
        except NotFound:
            continue
        for digest in names:
            if digest not in live:
                workspace.objects.erase(Digest.parse(digest))
