"""Nothing is collected that could be needed: marks are made while no commit can pass, and of whole
chains only; what is swept stays in reach of an undo.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ladle import digest as digests
from ladle.actions.pack_contents import THREADS, PackShelf
from ladle.actions.repack import Packed, packed, rewrite, sparse_packs
from ladle.digest import Digest, canonical_json
from ladle.errors import Conflict, Corrupt, LadleError, NotFound
from ladle.experiments.chain import Chain
from ladle.experiments.garbage import (
    DAY_S,
    Aged,
    CollectPolicy,
    Served,
    garbage,
    is_let_go,
    let_go,
    live_objects,
)
from ladle.experiments.integrity import check_chain
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.upkeep import Gone, Sweep, Tombstone
from ladle.ports import Clock, Workspace
from ladle.releases.deploy_log import Deployment

SWEEP_S = 60.0  # how long commits wait for a collector that died


@dataclass(frozen=True, slots=True)
class CollectPlan:
    """What a collection would do. ``lost_rollbacks`` served once, and could not be deployed again."""

    garbage: tuple[Aged, ...]
    sparse: Mapping[str, int]  # packs to be rewritten, with their bytes
    let_go: tuple[RecordedExperiment, ...]
    lost_rollbacks: tuple[Served, ...]

    @property
    def garbage_bytes(self) -> int:
        return sum(o.bytes for o in self.garbage)


class Marks:
    """All that a store's manifests refer to, read once and again without reading layouts twice."""

    def __init__(self, workspace: Workspace, threads: int = THREADS) -> None:
        self._workspace = workspace
        self._layouts: dict[str, Layout] = {}
        self.shelf = PackShelf(workspace.objects, threads)
        self.recorded: tuple[RecordedExperiment, ...] = ()
        self.heads: frozenset[str] = frozenset()
        self.stones: Mapping[str, Tombstone] = {}
        self.read()

    def read(self) -> None:
        """Raises Corrupt LD361 when any chain is not whole: what hangs on it would look like garbage."""
        manifests = self._workspace.manifests
        chains = [manifests.chain(model) for model in manifests.models()]
        for chain in chains:
            _refuse_broken(chain)
        self.stones = self._workspace.upkeep.tombstones()
        self.recorded = tuple(r for chain in chains for r in chain.recorded)
        self.heads = frozenset(chain.head[0] for chain in chains if chain.head)
        for recorded in self.kept:
            if recorded.layout is not None and recorded.layout not in self._layouts:
                self._layouts[recorded.layout] = self._layout(recorded, recorded.layout)

    @property
    def kept(self) -> Sequence[RecordedExperiment]:
        return [r for r in self.recorded if not is_let_go(r, self.stones)]

    def live(
        self, policy: CollectPolicy, now: float, without: Collection[str] = ()
    ) -> frozenset[str]:
        staying = [r for r in self.kept if r.manifest.id not in without]
        sweeps = self._workspace.upkeep.sweeps()
        return live_objects(staying, self._layouts, sweeps, policy, now)

    def packed(self) -> list[Packed]:
        """Those that have data in packs."""
        return [
            packed(r, self._layouts[r.layout], self.shelf, self.stones)
            for r in self.kept
            if r.layout is not None
        ]

    def _layout(self, recorded: RecordedExperiment, digest: str) -> Layout:
        try:
            where = recorded.locators.get(digest)
            with self._workspace.objects.open(Digest.parse(digest), where) as stream:
                return Layout.decode(stream.read())
        except (NotFound, Corrupt) as error:
            raise _not_whole(error.finding.what) from error


def plan_collection(
    workspace: Workspace, policy: CollectPolicy, now: float, threads: int = THREADS
) -> CollectPlan:
    """Looks and writes nothing."""
    return _plan(workspace, Marks(workspace, threads), policy, now)


def collect(
    workspace: Workspace, policy: CollectPolicy, clock: Clock, by: str, threads: int = THREADS
) -> Sweep:
    """Raises LD362 while another collects."""
    marks, now = Marks(workspace, threads), clock.now()
    plan = _plan(workspace, marks, policy, now)
    workspace.upkeep.bury(
        [
            Tombstone(r.manifest.id, Gone.COLLECTED, _name(r), now, by, _reason(policy))
            for r in plan.let_go
        ]
    )
    if plan.sparse:
        marks.read()
        rewrite(
            workspace.objects, workspace.manifests, marks.shelf, marks.packed(), set(plan.sparse)
        )
    _forget_old_sweeps(workspace, policy, now)
    return _sweep(workspace, marks, policy, clock)


def _name(recorded: RecordedExperiment) -> str:
    return f"the data of {recorded.manifest.model} {recorded.sequence}"


def _reason(policy: CollectPolicy) -> str:
    old, served = ((s or 0.0) / DAY_S for s in (policy.experiments_s, policy.deployed_s))
    return f"older than {old:g} days, and it did not serve in the last {served:g}"


def undo_collection(workspace: Workspace, policy: CollectPolicy, now: float) -> Sweep:
    """Brings back what the newest sweep that was not undone took. Raises NotFound LD363."""
    upkeep = workspace.upkeep
    sweeps = [
        s for s in upkeep.sweeps() if not (s.undone or s.erases) and now - s.at <= policy.undo_s
    ]
    if not sweeps:
        raise NotFound("LD363", "there is no collection to undo", "ladle verify looks for losses")
    last = sweeps[-1]
    lost = [d for d in listed(workspace, last) if not workspace.objects.restore(Digest.parse(d))]
    since = sweeps[-2].at if len(sweeps) > 1 else 0.0
    upkeep.exhume(
        [
            subject
            for subject, stone in upkeep.tombstones().items()
            if stone.kind is Gone.COLLECTED and since < stone.at <= last.at
        ]
    )
    undone = replace(last, undone=True)
    upkeep.note_sweep(undone)
    if lost:
        raise LadleError(
            "LD364",
            f"{len(lost)} of {last.objects} objects did not come back: somebody destroyed them",
            "ladle verify says whether anything needs them",
        )
    return undone


def served_experiments(workspace: Workspace) -> list[Served]:
    """Every experiment that ever served, by the deploy logs of all models."""
    found: dict[str, Served] = {}
    for model in workspace.ledger.models():
        rows = workspace.ledger.deployments(model)
        ends: list[float | None] = [*(row.at for row in rows[1:]), None]
        for row, end in zip(rows, ends, strict=bool(rows)):
            found |= {s.experiment_id: s for s in _served(row, end)}
    return list(found.values())


def _served(row: Deployment, until: float | None) -> Iterable[Served]:
    return [Served(r.experiment_id, row.model, until) for r in row.served if r.experiment_id]


def _plan(workspace: Workspace, marks: Marks, policy: CollectPolicy, now: float) -> CollectPlan:
    served = served_experiments(workspace)
    going = let_go(marks.kept, served, marks.heads, policy, now)
    gone = {r.manifest.id for r in going}
    staying = [e for e in marks.packed() if e.recorded.manifest.id not in gone]
    sparse = sparse_packs(staying)
    return CollectPlan(
        garbage=_garbage(workspace, marks, policy, now, gone),
        sparse={digest: pack.bytes for digest, pack in sparse.items()},
        let_go=going,
        lost_rollbacks=tuple(s for s in served if s.experiment_id in gone),
    )


def _garbage(
    workspace: Workspace,
    marks: Marks,
    policy: CollectPolicy,
    now: float,
    without: Collection[str] = (),
) -> tuple[Aged, ...]:
    stored = (Aged(str(o.digest), o.bytes, o.stored_at) for o in workspace.objects.stored())
    live = marks.live(policy, now, without)
    return garbage(stored, live, workspace.upkeep.sessions(), policy, now)


def _sweep(workspace: Workspace, marks: Marks, policy: CollectPolicy, clock: Clock) -> Sweep:
    """No commit passes while it is at work, and each that began before looks again."""
    upkeep = workspace.upkeep
    until = clock.now() + SWEEP_S
    epoch = begun_sweep(workspace, clock)
    try:
        marks.read()
        now = clock.now()
        doomed = _garbage(workspace, marks, policy, now)
        sweep = _noted(workspace, epoch, now, doomed)
        for item in doomed:
            if clock.now() > until - SWEEP_S / 2:
                until = clock.now() + SWEEP_S
                upkeep.prolong_sweep(epoch, until)
            workspace.objects.remove(Digest.parse(item.digest))
    finally:
        upkeep.finish_sweep(epoch)
    return sweep


def begun_sweep(workspace: Workspace, clock: Clock) -> int:
    """Raises LD362 while another is at work."""
    now = clock.now()
    try:
        return workspace.upkeep.begin_sweep(now, now + SWEEP_S)
    except Conflict as error:
        what = "somebody else collects or erases in this store"
        raise LadleError("LD362", what, "wait until it is done, then run it again") from error


def _noted(workspace: Workspace, epoch: int, now: float, doomed: Sequence[Aged]) -> Sweep:
    """What is written down before anything is taken: an undo needs no more."""
    body = canonical_json([o.digest for o in doomed])
    digest = digests.of_bytes(body)
    sweep = Sweep(epoch, now, str(digest), len(doomed), sum(o.bytes for o in doomed))
    if doomed or _let_go_lately(workspace):
        workspace.objects.put_if_absent(digest, body)
        workspace.upkeep.note_sweep(sweep)
    return sweep


def _let_go_lately(workspace: Workspace) -> bool:
    """Whether there is something to undo besides objects."""
    last = max((s.at for s in workspace.upkeep.sweeps()), default=0.0)
    stones = workspace.upkeep.tombstones().values()
    return any(s.kind is Gone.COLLECTED and s.at > last for s in stones)


def listed(workspace: Workspace, sweep: Sweep) -> list[str]:
    with workspace.objects.open(Digest.parse(sweep.listing)) as stream:
        return list(json.loads(stream.read()))


def _forget_old_sweeps(workspace: Workspace, policy: CollectPolicy, now: float) -> None:
    """Their time to undo is over; their own listing is garbage from now on."""
    for sweep in workspace.upkeep.sweeps():
        if now - sweep.at > policy.undo_s and not sweep.undone:
            with contextlib.suppress(NotFound):
                for digest in listed(workspace, sweep):
                    workspace.objects.forget(Digest.parse(digest))


def _refuse_broken(chain: Chain) -> None:
    for problem in check_chain(chain):
        raise _not_whole(problem.text)


def _not_whole(why: str) -> Corrupt:
    return Corrupt(
        "LD361",
        f"the store is not whole, so nothing is collected: {why}",
        "ladle verify names what is missing, ladle verify --repair may restore it",
    )
