from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ladle.actions.collect_garbage import collect, plan_collection, undo_collection
from ladle.actions.read_data import layout_of_experiment
from ladle.actions.verify_store import verify_store
from ladle.actions.writing import Writing, writing
from ladle.digest import Digest
from ladle.errors import Corrupt, LadleError, NotFound
from ladle.experiments.garbage import DAY_S, CollectPolicy
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.upkeep import Gone, Session
from ladle.policy.rollout import RolloutPolicy
from ladle.ports import Workspace
from ladle.releases.effects import NewRecord, RecordKind
from ladle.releases.state import Release, ReleaseState
from ladle.testing.laboratory import Laboratory

POLICY = CollectPolicy()


def age(tmp_path: Path, lab: Laboratory, days: float = 20.0) -> None:
    """Every object is as if it had been stored so many days ago, by the machine's clock."""
    then = lab.clock.now() - days * DAY_S
    for path in (tmp_path / "store" / "objects").rglob("*/*"):
        if path.is_file():
            os.utime(path, (then, then))


def stored(workspace: Workspace) -> set[str]:
    return {str(o.digest) for o in workspace.objects.stored()}


def packs_of(workspace: Workspace, recorded: RecordedExperiment) -> set[str]:
    return {p.digest for p in layout_of_experiment(recorded, workspace.objects).packs}


def served(workspace: Workspace, experiment_id: str, at: float) -> None:
    """What the controller writes when the alias reads release 1."""
    digest = "sha256:" + "a" * 64
    release = Release(1, digest, digest, experiment_id, at, RolloutPolicy())
    state = replace(workspace.ledger.load("fraud"), releases=(release,))
    alias = {"version": "1", "weights": {"1": 1.0}}
    read = NewRecord(RecordKind.OUTCOME, 1, "the alias reads release 1", {"alias": alias})
    workspace.ledger.save(state, [read], at)


def test_what_a_manifest_reaches_is_no_garbage_however_old(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.record("fraud", "data", weights=b"one")
    age(tmp_path, lab, 5000)
    plan = plan_collection(workspace, POLICY, lab.clock.now())
    assert (plan.garbage, plan.let_go, dict(plan.sparse)) == ((), (), {})


def test_a_push_without_a_commit_is_garbage_after_the_grace_period(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.record("fraud", "data/train.csv")
    kept = stored(workspace)
    lab.push("fraud", "data/big.bin", weights=b"never committed")
    age(tmp_path, lab, 13)
    assert plan_collection(workspace, POLICY, lab.clock.now()).garbage == ()
    age(tmp_path, lab, 15)
    pushed = stored(workspace) - kept
    sweep = collect(workspace, POLICY, lab.clock, "Ada")
    assert sweep.objects == len(pushed)
    assert stored(workspace) - kept == {sweep.listing}
    assert verify_store(workspace, deep=True).is_whole


def test_a_plan_changes_nothing(lab: Laboratory, workspace: Workspace, tmp_path: Path) -> None:
    lab.push("fraud", "data", weights=b"never committed")
    age(tmp_path, lab)
    before = stored(workspace)
    plan = plan_collection(workspace, POLICY, lab.clock.now())
    assert len(plan.garbage) == len(before)
    assert plan.garbage_bytes == sum(o.bytes for o in workspace.objects.stored())
    assert stored(workspace) == before


def test_an_undo_brings_back_every_byte(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.push("fraud", "data", weights=b"never committed")
    age(tmp_path, lab)
    before = stored(workspace)
    collect(workspace, POLICY, lab.clock, "Ada")
    assert not before & stored(workspace)
    undo_collection(workspace, POLICY, lab.clock.now())
    assert before <= stored(workspace)
    with pytest.raises(NotFound, match="LD363"):
        undo_collection(workspace, POLICY, lab.clock.now())


def test_the_time_to_undo_ends(lab: Laboratory, workspace: Workspace, tmp_path: Path) -> None:
    lab.push("fraud", "data", weights=b"never committed")
    age(tmp_path, lab)
    collect(workspace, POLICY, lab.clock, "Ada")
    removed = tmp_path / "store" / "objects" / "removed"
    taken = {p.name for p in removed.iterdir()}
    lab.clock.sleep(31 * DAY_S)
    with pytest.raises(NotFound, match="LD363"):
        undo_collection(workspace, POLICY, lab.clock.now())
    collect(workspace, POLICY, lab.clock, "Ada")
    assert taken
    assert not taken & {p.name for p in removed.iterdir()}


def test_an_undo_that_cannot_bring_all_back_says_so(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.push("fraud", "data", weights=b"never committed")
    age(tmp_path, lab)
    collect(workspace, POLICY, lab.clock, "Ada")
    next((tmp_path / "store" / "objects" / "removed").iterdir()).unlink()
    with pytest.raises(LadleError, match="LD364"):
        undo_collection(workspace, POLICY, lab.clock.now())


def test_a_living_session_keeps_all_that_was_stored_since_it_began(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    now = lab.clock.now()
    workspace.upkeep.join(Session("slow", now - 30 * DAY_S, now + 60))
    lab.push("fraud", "data")
    age(tmp_path, lab, 20)
    assert plan_collection(workspace, POLICY, now).garbage == ()
    assert plan_collection(workspace, POLICY, now + 61).garbage != ()


def test_a_commit_notices_that_what_it_found_was_collected(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.push("fraud", "data")
    age(tmp_path, lab)
    session = Writing(workspace.upkeep, workspace.objects, lab.clock)
    draft = lab.push("fraud", "data")  # all of it is there already
    collect(workspace, POLICY, lab.clock, "Ada")
    with pytest.raises(NotFound, match="LD360"):
        lab.commit(draft, session)
    assert workspace.manifests.models() == []
    lab.record("fraud", "data")
    assert verify_store(workspace, deep=True).is_whole


def test_a_commit_that_lost_nothing_to_a_collection_goes_through(
    lab: Laboratory, workspace: Workspace
) -> None:
    session = Writing(workspace.upkeep, workspace.objects, lab.clock)
    draft = lab.push("fraud", "data")
    collect(workspace, POLICY, lab.clock, "Ada")
    lab.commit(draft, session)
    assert verify_store(workspace, deep=True).is_whole


def test_a_commit_waits_for_a_collector_and_gives_up_on_a_dead_one(
    lab: Laboratory, workspace: Workspace
) -> None:
    session = Writing(workspace.upkeep, workspace.objects, lab.clock)
    draft = lab.push("fraud", "data")
    began = lab.clock.now()
    workspace.upkeep.begin_sweep(began, began + 60)
    lab.commit(draft, session)
    assert lab.clock.now() >= began + 60
    assert verify_store(workspace).is_whole


def test_two_collectors_do_not_work_at_once(lab: Laboratory, workspace: Workspace) -> None:
    now = lab.clock.now()
    workspace.upkeep.begin_sweep(now, now + 60)
    with pytest.raises(LadleError, match="LD362"):
        collect(workspace, POLICY, lab.clock, "Ada")


def test_a_store_that_is_not_whole_is_not_collected_from(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    for _ in range(2):
        lab.record("fraud", "data")
    age(tmp_path, lab)
    (tmp_path / "store" / "manifests" / "fraud" / f"{1:012d}.json").unlink()
    before = stored(workspace)
    with pytest.raises(Corrupt, match="LD361"):
        collect(workspace, CollectPolicy(grace_s=0), lab.clock, "Ada")
    assert stored(workspace) == before


def test_no_policy_no_experiment_lets_go_of_its_data(lab: Laboratory, workspace: Workspace) -> None:
    for _ in range(3):
        lab.record("fraud", "data")
    lab.clock.sleep(10_000 * DAY_S)
    assert plan_collection(workspace, POLICY, lab.clock.now()).let_go == ()


def test_old_experiments_are_let_go_but_never_the_newest_nor_what_served_lately(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    policy = CollectPolicy(experiments_s=365 * DAY_S)
    numbers = range(4)
    for number in numbers:
        lab.write({"data/train.csv": b"%d" % number * 100})
    recorded = []
    for number in numbers:
        lab.write({"train.csv": b"%d" % number * 100})
        recorded.append(lab.record("fraud", "train.csv", weights=b"%d" % number))
    served(workspace, recorded[1].manifest.id, lab.clock.now())
    lab.clock.sleep(400 * DAY_S)
    age(tmp_path, lab)
    plan = plan_collection(workspace, policy, lab.clock.now())
    assert [r.sequence for r in plan.let_go] == [1, 3]
    assert plan.lost_rollbacks == ()
    collect(workspace, policy, lab.clock, "Ada")
    report = verify_store(workspace, deep=True)
    assert report.problems == ()
    assert {stone.kind for stone in report.gone} == {Gone.COLLECTED}
    assert workspace.objects.locate(Digest.parse(recorded[0].manifest.objects[0])) is None
    undo_collection(workspace, POLICY, lab.clock.now())
    report = verify_store(workspace, deep=True)
    assert (report.problems, report.gone) == ((), ())


def test_a_plan_says_which_deployments_lose_their_way_back(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    first = lab.record("fraud", "data", weights=b"one")
    lab.record("fraud", "data", weights=b"two")
    served(workspace, first.manifest.id, lab.clock.now())
    state = workspace.ledger.load("fraud")
    gone = NewRecord(RecordKind.FROZEN, None, "the alias is gone", {"alias": None})
    workspace.ledger.save(state, [gone], lab.clock.now() + 1)
    lab.clock.sleep(400 * DAY_S)
    plan = plan_collection(workspace, CollectPolicy(experiments_s=300 * DAY_S), lab.clock.now())
    assert [s.experiment_id for s in plan.lost_rollbacks] == [first.manifest.id]


def test_a_pack_of_which_little_is_needed_is_rewritten_and_then_garbage(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    first = lab.record("fraud", "data")
    small = lab.record("fraud", "data/train.csv")
    shared = packs_of(workspace, first) & packs_of(workspace, small)
    assert shared
    lab.clock.sleep(400 * DAY_S)
    age(tmp_path, lab)
    policy = CollectPolicy(experiments_s=300 * DAY_S)
    collect(workspace, policy, lab.clock, "Ada")
    moved = workspace.manifests.get(small.manifest.id)
    assert not shared & packs_of(workspace, moved)
    assert not shared & stored(workspace)
    assert verify_store(workspace, deep=True).problems == ()


def test_a_session_ends_with_its_work(lab: Laboratory, workspace: Workspace) -> None:
    with writing(workspace, lab.clock, "run-1"):
        assert [s.id for s in workspace.upkeep.sessions()] == ["run-1"]
    assert workspace.upkeep.sessions() == []


def test_an_empty_ledger_is_no_obstacle(workspace: Workspace) -> None:
    assert workspace.ledger.load("fraud") == ReleaseState("fraud")
    assert plan_collection(workspace, POLICY, 0.0).garbage == ()
