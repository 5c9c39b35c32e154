"""Epochs, sessions, sweeps and tombstones on every adapter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle import digest
from ladle.errors import Conflict
from ladle.experiments.manifest import Code, Environment, Manifest
from ladle.experiments.upkeep import Epoch, Gone, Session, Sweep, Tombstone
from ladle.ports import ManifestStore, Upkeep

STONE = Tombstone("sha256:" + "a" * 64, Gone.ERASED, "names.csv", 5.0, "Ada", "asked")
SWEEP = Sweep(1, 5.0, "sha256:" + "b" * 64, 3, 4096)


def manifest(actor: str = "Ada") -> Manifest:
    return Manifest(
        model="fraud",
        outcome="succeeded",
        created_at="2026-11-23T12:00:00Z",
        actor=actor,
        previous=None,
        data=(),
        code=Code(None, dirty=False, patch=None, argv=()),
        params={},
        environment=Environment("3.11", "linux", str(digest.of_bytes(b""))),
        metrics={},
        artefact=None,
    )


def test_a_store_begins_quiet_and_empty(upkeep: Upkeep) -> None:
    assert upkeep.epoch() == Epoch()
    assert (list(upkeep.sessions()), list(upkeep.sweeps())) == ([], [])
    assert dict(upkeep.tombstones()) == {}


def test_a_sweep_has_an_epoch_of_its_own(upkeep: Upkeep) -> None:
    assert upkeep.begin_sweep(1.0, 61.0) == 1
    assert not upkeep.epoch().is_quiet
    upkeep.finish_sweep(1)
    upkeep.finish_sweep(1)
    assert upkeep.epoch().is_quiet
    assert upkeep.begin_sweep(2.0, 62.0) == 2


def test_a_second_sweep_waits_unless_the_first_is_overdue(upkeep: Upkeep) -> None:
    upkeep.begin_sweep(1.0, 61.0)
    with pytest.raises(Conflict):
        upkeep.begin_sweep(60.0, 120.0)
    upkeep.prolong_sweep(1, 100.0)
    with pytest.raises(Conflict):
        upkeep.begin_sweep(99.0, 120.0)
    assert upkeep.begin_sweep(101.0, 160.0) == 2
    with pytest.raises(Conflict):
        upkeep.prolong_sweep(1, 500.0)


def test_who_was_taken_for_dead_cannot_go_on(upkeep: Upkeep) -> None:
    upkeep.begin_sweep(1.0, 61.0)
    upkeep.finish_sweep(1)
    with pytest.raises(Conflict):
        upkeep.prolong_sweep(1, 500.0)


def test_a_session_is_known_until_it_leaves(upkeep: Upkeep) -> None:
    one, two = Session("one", 1.0, 10.0), Session("two", 2.0, 10.0)
    upkeep.join(one)
    upkeep.join(two)
    upkeep.join(replace(one, until=20.0))
    assert set(upkeep.sessions()) == {replace(one, until=20.0), two}
    upkeep.leave("one")
    upkeep.leave("one")
    assert list(upkeep.sessions()) == [two]


def test_sweeps_are_told_in_order_and_the_newest_note_of_one_counts(upkeep: Upkeep) -> None:
    upkeep.note_sweep(replace(SWEEP, epoch=12))
    upkeep.note_sweep(replace(SWEEP, epoch=2))
    upkeep.note_sweep(replace(SWEEP, epoch=2, undone=True))
    assert [(s.epoch, s.undone) for s in upkeep.sweeps()] == [(2, True), (12, False)]


def test_the_first_tombstone_of_a_subject_stays(upkeep: Upkeep) -> None:
    upkeep.bury([STONE])
    upkeep.bury([replace(STONE, by="Eve"), replace(STONE, subject="other")])
    stones = upkeep.tombstones()
    assert stones[STONE.subject] == STONE
    assert len(stones) == 2
    upkeep.exhume(["other", "unknown"])
    assert dict(upkeep.tombstones()) == {STONE.subject: STONE}


def test_a_commit_of_the_newest_epoch_goes_through(
    manifests: ManifestStore, upkeep: Upkeep
) -> None:
    assert manifests.append(manifest(), {}, None, epoch=0).sequence == 1
    upkeep.finish_sweep(upkeep.begin_sweep(1.0, 61.0))
    second = replace(manifest("Eve"), previous=manifests.head("fraud"))
    assert manifests.append(second, {}, None, epoch=1).sequence == 2


def test_a_commit_of_an_older_epoch_is_turned_away(
    manifests: ManifestStore, upkeep: Upkeep
) -> None:
    upkeep.finish_sweep(upkeep.begin_sweep(1.0, 61.0))
    with pytest.raises(Conflict):
        manifests.append(manifest(), {}, None, epoch=0)
    assert manifests.head("fraud") is None


def test_no_commit_passes_while_a_sweep_is_at_work(
    manifests: ManifestStore, upkeep: Upkeep
) -> None:
    upkeep.begin_sweep(1.0, 61.0)
    for epoch in (0, 1):
        with pytest.raises(Conflict):
            manifests.append(manifest(), {}, None, epoch=epoch)
    assert manifests.head("fraud") is None
