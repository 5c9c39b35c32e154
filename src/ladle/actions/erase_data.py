"""Personal data is destroyed in every version of every pack; a tombstone says what, when, who, why.

The manifests stay as they are, and so does the chain: they name the data by its hash alone. What other
files have in common with an erased one is theirs, and stays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ladle import digest as digests
from ladle.actions.collect_garbage import SWEEP_S, Marks, begun_sweep, listed
from ladle.actions.pack_contents import THREADS
from ladle.actions.repack import Packed, rewrite
from ladle.actions.verify_store import ContentCheck
from ladle.digest import Digest, canonical_json
from ladle.errors import Corrupt, NotFound, Unavailable
from ladle.experiments.garbage import CollectPolicy
from ladle.experiments.integrity import expected_objects
from ladle.experiments.manifest import DataInput, RecordedExperiment
from ladle.experiments.pack import END_BYTES, PackIndex, index_size, read_index
from ladle.experiments.reach import Part, reach
from ladle.experiments.upkeep import Gone, Sweep, Tombstone
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
        reached = experiment.reach
        for need in (*reached.needs.values(), *reached.erased):
            if need.part is Part.FILE and _is_named(what, need.digest, need.path):
                _add(found, need.digest, need.path, experiment.recorded)
    for recorded in marks.kept:
        for digest, name in _objects(recorded).items():
            if _is_named(what, digest, name):
                _add(found, digest, name, recorded)
    _add_profiles(found, marks.kept)
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
    names = {stone.subject for stone in stones}
    workspace.upkeep.bury(stones)
    epoch = begun_sweep(workspace, clock)
    try:
        marks = Marks(workspace, threads)
        experiments = marks.packed()
        needed = {digest for e in experiments for digest in e.reach.needs}
        made_of = names.union(*(_parts(e, names) for e in experiments))
        holding = {*_packs_with(workspace.objects, made_of - needed), *_begun(workspace, marks)}
        _note(workspace, epoch, sorted(holding), clock.now())
        moved = rewrite(workspace.objects, workspace.manifests, marks.shelf, experiments, holding)
        marks.read()
        _refuse_unmoved(marks, holding)
        for digest in (*_swept(workspace, marks), *sorted(names - needed)):
            workspace.upkeep.prolong_sweep(epoch, clock.now() + SWEEP_S)
            workspace.objects.erase(Digest.parse(digest))
    finally:
        workspace.upkeep.finish_sweep(epoch)
    return Erased(stones, tuple(sorted(holding)), moved, len(made_of & needed))


def gone_from(workspace: Workspace, recorded: RecordedExperiment) -> tuple[Tombstone, ...]:
    """What of an experiment is not there any more, on purpose."""
    check = ContentCheck(workspace)
    check.check([recorded])
    return check.gone


@contextlib.contextmanager
def told_if_gone(workspace: Workspace, recorded: RecordedExperiment) -> Iterator[None]:
    """Where the body misses something that is gone on purpose, says so: no repair brings it back."""
    try:
        yield
    except NotFound as error:
        gone = gone_from(workspace, recorded)
        if not gone:
            raise
        raise NotFound(
            "LD366",
            f"experiment {recorded.manifest.id[:12]} is no longer complete: "
            + "; ".join(map(told, gone)),
            "pull the rest of it by path: ladle pull ID PATH",
        ) from error


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


def _add_profiles(found: dict[str, dict[str, str]], kept: Sequence[RecordedExperiment]) -> None:
    """What a column profile says of rows that go goes with them, the other tables of a folder too."""
    going = [(id_, path) for names in found.values() for id_, path in names.items()]
    for recorded in kept:
        manifest = recorded.manifest
        paths = [path for id_, path in going if id_ == manifest.id]
        for item in (*manifest.data, *manifest.outputs):
            if item.profile and any(_is_named(item.name, "", path) for path in paths):
                _add(found, item.profile, f"the columns of {item.name}", recorded)


def _objects(recorded: RecordedExperiment) -> Mapping[str, str]:
    manifest = recorded.manifest
    known = {manifest.artefact.digest: manifest.artefact.name} if manifest.artefact else {}
    known |= {f.digest: f.name for f in manifest.data if f.kind == "file"}
    alone = [d for d in expected_objects(recorded) if d != recorded.layout]
    return {d: known.get(d, d) for d in alone}


def _parts(experiment: Packed, files: Collection[str]) -> Collection[str]:
    """All that these files are made of, whoever else is made of it."""
    gone = [n for n in experiment.reach.erased if n.digest in files]
    inputs = [DataInput(n.path, n.digest, n.bytes or 0) for n in gone]
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


def _note(workspace: Workspace, epoch: int, packs: Sequence[str], now: float) -> None:
    """What is to be destroyed is written down first: who finishes this cannot find it out any more."""
    body = canonical_json(list(packs))
    digest = digests.of_bytes(body)
    workspace.objects.put_if_absent(digest, body)
    workspace.upkeep.note_sweep(Sweep(epoch, now, str(digest), len(packs), 0, erases=True))


def _refuse_unmoved(marks: Marks, holding: Collection[str]) -> None:
    """A pack that an experiment still names, since somebody moved it meanwhile, is not destroyed."""
    if any(p.digest in holding for e in marks.packed() for p in e.layout.packs):
        raise Unavailable(
            "LD367", "an experiment was moved by somebody else meanwhile", "erase it again"
        )


def _begun(workspace: Workspace, marks: Marks) -> Iterator[str]:
    """Packs that an erasure before this one meant to destroy: somebody may have relied on one since."""
    live = marks.live(CollectPolicy(), 0.0)
    for sweep in workspace.upkeep.sweeps():
        if sweep.erases:
            with contextlib.suppress(NotFound):
                yield from (d for d in listed(workspace, sweep) if d in live)


def _swept(workspace: Workspace, marks: Marks) -> Iterator[str]:
    """All that was ever collected or is to be erased, and that nobody needs."""
    live = marks.live(CollectPolicy(), 0.0)
    for sweep in workspace.upkeep.sweeps():
        with contextlib.suppress(NotFound):  # its time is over
            yield from (d for d in listed(workspace, sweep) if d not in live)
