"""The store against a model that is a dictionary: whatever happens, in whatever order, nothing is lost.

What may be lost is said by a tombstone: what was erased, and what a policy let go.
"""

from __future__ import annotations

import contextlib
import random
import tempfile
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ladle import digest as digests
from ladle import names
from ladle.actions.collect_garbage import Marks, collect, undo_collection
from ladle.actions.erase_data import erase, find_targets
from ladle.actions.read_data import DataReader, layout_of_experiment
from ladle.actions.repack import rewrite
from ladle.actions.repair_store import Machine, repair_store
from ladle.actions.verify_store import verify_store
from ladle.digest import Digest
from ladle.disk.silent import SILENT
from ladle.disk.workspace import disk_workspace
from ladle.errors import NotFound
from ladle.experiments.garbage import DAY_S, CollectPolicy
from ladle.experiments.integrity import Witness
from ladle.testing.laboratory import Laboratory, SetClock

FAR = 4_000_000_000.0  # by this clock every object is old
MODELS = st.sampled_from(["fraud", "digits"])
NAMES = ["data/a.csv", "data/b/c.csv", "data/big.bin"]
WHOLE = random.Random(3).randbytes(300_000)
# Contents that share much, little and nothing with each other.
CONTENTS = st.one_of(
    st.binary(max_size=40),
    st.integers(0, 250_000).map(lambda n: WHOLE[n:] + WHOLE[:n]),
    st.integers(0, 299_000).map(lambda n: WHOLE[:n] + b"one edit" + WHOLE[n:]),
)
POLICY = CollectPolicy()


class StoreModel(RuleBasedStateMachine):
    """One machine, one store in a folder, and a copy of every object that ever was in it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        self.root = root / "store"
        self.workspace = disk_workspace(self.root, "dir:store")
        self.copies = disk_workspace(root / "copies", "dir:copies").objects
        self.lab = Laboratory(self.workspace, root / "machine", SetClock(FAR))
        self.files: dict[str, bytes] = {}
        self.recorded: dict[str, dict[str, bytes]] = {}
        self.order: list[tuple[str, str]] = []
        self.erased: set[str] = set()
        self.edit(NAMES[0], b"label,pixel\n")

    @rule(name=st.sampled_from(NAMES), content=CONTENTS)
    def edit(self, name: str, content: bytes) -> None:
        self.lab.write({name: content})
        self.files[name] = content

    @rule(model=MODELS)
    def record(self, model: str) -> None:
        recorded = self.lab.record(model, "data", weights=self.files[NAMES[0]] + b" weights")
        self.recorded[recorded.manifest.id] = dict(self.files)
        self.order.append((model, recorded.manifest.id))

    @rule(model=MODELS)
    def push_and_crash(self, model: str) -> None:
        self.lab.push(model, "data", weights=b"never committed")

    @rule(days=st.sampled_from([0.0, 10.0]), lets_go=st.booleans())
    def collect(self, days: float, lets_go: bool) -> None:
        self.lab.clock.sleep(days * DAY_S)
        policy = CollectPolicy(experiments_s=5 * DAY_S if lets_go else None)
        collect(self.workspace, policy, self.lab.clock, "Ada", threads=1)

    @rule()
    def undo(self) -> None:
        with contextlib.suppress(NotFound):  # nothing to undo, or its time is over
            undo_collection(self.workspace, POLICY, self.lab.clock.now())

    @rule()
    def repack(self) -> None:
        """All packs at once, however full they are."""
        marks = Marks(self.workspace, 1)
        experiments = marks.packed()
        old = {p.digest for e in experiments for p in e.layout.packs}
        rewrite(self.workspace.objects, self.workspace.manifests, marks.shelf, experiments, old)

    @precondition(lambda self: self.recorded)
    @rule(name=st.sampled_from(NAMES))
    def erase(self, name: str) -> None:
        try:
            targets = find_targets(self.workspace, name, threads=1)
        except NotFound:
            return
        erase(self.workspace, targets, "asked", "Ada", self.lab.clock, threads=1)
        self.erased |= {t.digest for t in targets}

    @precondition(lambda self: self.recorded)
    @rule(which=st.integers(0, 99), deletes=st.booleans())
    def damage_and_repair(self, which: int, deletes: bool) -> None:
        self._copy_all()
        stored = list(self.workspace.objects.stored())
        digest = stored[which % len(stored)].digest
        path = self.root / "objects" / names.object_key(digest.hex)
        path.chmod(0o644)
        path.unlink() if deletes else path.write_bytes(b"other bytes")
        report = verify_store(self.workspace, threads=1)
        if str(digest) not in [p.subject for p in report.problems]:
            self.copies_back(digest)  # nothing needs it
            return
        machine = Machine(self.lab.root, self.lab.root, self.lab.files, self.lab.packs, SILENT)
        repair_store(self.workspace, report, machine, [self.copies], threads=1)

    def copies_back(self, digest: Digest) -> None:
        with self.copies.open(digest) as stream:
            self.workspace.objects.put_if_absent(digest, stream.read())

    def _copy_all(self) -> None:
        for stored in self.workspace.objects.stored():
            with self.workspace.objects.open(stored.digest) as stream:
                self.copies.put_if_absent(stored.digest, stream.read())

    @invariant()
    def every_experiment_is_in_its_chain(self) -> None:
        heads = {model: (id_, self._count(model)) for model, id_ in self.order}
        seen = [Witness(model, *head) for model, head in heads.items()]
        assert verify_store(self.workspace, witnesses=seen, threads=1).problems == ()

    def _count(self, model: str) -> int:
        return sum(1 for m, _ in self.order if m == model)

    def teardown(self) -> None:
        """Every byte of every experiment, unless a tombstone says otherwise."""
        assert verify_store(self.workspace, deep=True, threads=1).problems == ()
        stones = self.workspace.upkeep.tombstones()
        newest = dict(self.order)
        assert not set(newest.values()) & stones.keys(), "the newest of a model is never let go"
        for id_, files in self.recorded.items():
            if id_ not in stones:
                self._read_back(id_, files)
        self.folder.cleanup()

    def _read_back(self, id_: str, files: dict[str, bytes]) -> None:
        recorded = self.workspace.manifests.get(id_)
        layout = layout_of_experiment(recorded, self.workspace.objects)
        reader = DataReader(self.workspace.objects, self.lab.packs, self.workspace.url, layout)
        for content in files.values():
            digest = str(digests.of_bytes(content))
            if digest not in self.erased:
                assert reader.read(digest) == content
