"""The controller's memory loses nothing, lets one writer through, and keeps its rows in order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle.errors import Conflict
from ladle.policy.rollout import GuardName
from ladle.ports import ReleaseInbox, ReleaseLedger
from ladle.releases.deploy_log import check_log
from ladle.releases.effects import NewRecord, RecordKind
from ladle.releases.events import Ask, PersonAsked
from ladle.releases.state import ReleaseState
from ladle.testing.releases import canary_story, evidence

MODEL = "contract"
ROW = NewRecord(RecordKind.FROZEN, None, "somebody wrote the alias", {"alias": None, "n": 1.5})


def test_an_unknown_model_is_empty(ledger: ReleaseLedger) -> None:
    assert ledger.load(MODEL) == ReleaseState(MODEL)
    assert ledger.records(MODEL) == []


def test_what_was_saved_is_loaded(ledger: ReleaseLedger) -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.ACCURACY), settle=False)
    rich = replace(story.state, model=MODEL, generation=0, rows=0)
    saved = ledger.save(rich, [], at=5.0)
    assert ledger.load(MODEL) == saved == replace(rich, generation=1)


def test_a_second_writer_of_a_generation_is_turned_away(ledger: ReleaseLedger) -> None:
    first = ledger.save(ReleaseState(MODEL), [], at=1.0)
    with pytest.raises(Conflict):
        ledger.save(ReleaseState(MODEL, reason="late"), [ROW], at=2.0)
    assert ledger.load(MODEL) == first
    assert ledger.records(MODEL) == []


def test_rows_are_numbered_and_come_oldest_first(ledger: ReleaseLedger) -> None:
    state = ledger.save(ReleaseState(MODEL), [ROW, replace(ROW, release=3)], at=1.0)
    ledger.save(state, [replace(ROW, text="again")], at=2.5)
    rows = ledger.records(MODEL)
    assert [r.id for r in rows] == [f"{MODEL}/1", f"{MODEL}/2", f"{MODEL}/3"]
    assert [(r.at, r.release) for r in rows] == [(1.0, None), (1.0, 3), (2.5, None)]
    assert (rows[0].kind, rows[0].text, rows[0].data) == (ROW.kind, ROW.text, ROW.data)


def test_rows_can_be_asked_for_from_a_time_on(ledger: ReleaseLedger) -> None:
    state = ledger.save(ReleaseState(MODEL), [ROW], at=1.0)
    ledger.save(state, [ROW], at=2.0)
    assert [r.at for r in ledger.records(MODEL, since=2.0)] == [2.0]


def test_a_message_is_taken_in_with_the_state_or_not_at_all(
    ledger: ReleaseLedger, inbox: ReleaseInbox
) -> None:
    inbox.post(MODEL, "one", PersonAsked(Ask.PAUSE, "ada"), at=1.0)
    ledger.save(ReleaseState(MODEL), [], at=2.0)
    with pytest.raises(Conflict):
        ledger.save(ReleaseState(MODEL), [], at=3.0, done=["one"])
    assert [d.id for d in inbox.pending(MODEL)] == ["one"]
    ledger.save(ledger.load(MODEL), [], at=4.0, done=["one"])
    assert not inbox.pending(MODEL)


def test_a_model_is_known_from_its_first_message_on(
    ledger: ReleaseLedger, inbox: ReleaseInbox
) -> None:
    inbox.post(MODEL, "one", PersonAsked(Ask.PAUSE, "ada"), at=1.0)
    ledger.save(ReleaseState("another"), [], at=1.0)
    assert list(ledger.models()) == ["another", MODEL]


def test_a_lease_has_one_owner_until_it_runs_out(ledger: ReleaseLedger) -> None:
    assert ledger.acquire_lease(MODEL, "a", now=0.0, seconds=10)
    assert not ledger.acquire_lease(MODEL, "b", now=9.0, seconds=10)
    assert ledger.acquire_lease(MODEL, "a", now=9.0, seconds=10)
    assert not ledger.acquire_lease(MODEL, "b", now=18.0, seconds=10)
    assert ledger.acquire_lease(MODEL, "b", now=19.5, seconds=10)


def test_only_the_owner_gives_a_lease_back(ledger: ReleaseLedger) -> None:
    ledger.acquire_lease(MODEL, "a", now=0.0, seconds=10)
    ledger.release_lease(MODEL, "b")
    assert not ledger.acquire_lease(MODEL, "b", now=1.0, seconds=10)
    ledger.release_lease(MODEL, "a")
    assert ledger.acquire_lease(MODEL, "b", now=1.0, seconds=10)


def reads(release: int, share: float = 1.0) -> NewRecord:
    """What the controller stores when the alias reads so."""
    weights = {str(release): share} | ({str(release - 1): 1 - share} if share < 1 else {})
    alias = {"version": str(release), "weights": weights}
    return NewRecord(RecordKind.OUTCOME, release, "the alias reads so", {"alias": alias})


def test_what_served_at_a_time_is_the_newest_row_of_the_deploy_log_before_it(
    ledger: ReleaseLedger,
) -> None:
    state = ledger.save(ReleaseState(MODEL), [reads(1)], at=10.0)
    state = ledger.save(state, [reads(2, 0.25)], at=20.0)
    ledger.save(state, [reads(2)], at=30.000001)
    shares = [
        {r.number: r.share for r in row.served} if (row := ledger.served(MODEL, at)) else None
        for at in (9.999999, 10.0, 29.0, 30.0, 30.000001, 1e9)
    ]
    before, after = {2: 0.25, 1: 0.75}, {2: 1.0}
    assert shares == [None, {1: 1.0}, before, before, after, after]


def test_an_alias_that_reads_as_before_adds_no_row_to_the_deploy_log(
    ledger: ReleaseLedger,
) -> None:
    state = ledger.save(ReleaseState(MODEL), [reads(1), ROW], at=10.0)
    ledger.save(state, [ROW], at=11.0)
    assert [row.sequence for row in ledger.deployments(MODEL)] == [1, 2]


def test_the_deploy_log_is_a_chain_that_ends_where_the_state_says(ledger: ReleaseLedger) -> None:
    state = ReleaseState(MODEL)
    for number in (1, 2, 3):
        state = ledger.save(state, [reads(number)], at=float(number))
    rows = ledger.deployments(MODEL)
    assert [row.previous for row in rows] == [None, rows[0].hash, rows[1].hash]
    assert list(check_log(rows, ledger.load(MODEL).deployed)) == []


def test_a_log_stays_in_order_when_the_clock_jumps_back(ledger: ReleaseLedger) -> None:
    state = ledger.save(ReleaseState(MODEL), [reads(1)], at=100.0)
    ledger.save(state, [reads(2)], at=50.0)
    newest = ledger.served(MODEL, 100.0)
    assert newest is not None
    assert [r.number for r in newest.served] == [2]
