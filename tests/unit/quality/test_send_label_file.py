"""Whatever the file holds, every row is sent once or refused, in calls that the door takes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.actions.send_label_file import CALL_LABELS, CallTaken, FileTaken, send_file
from ladle.errors import Finding, Unavailable
from ladle.quality.new_label import NewLabel

BAD = Finding("LD605", "row 1 is no label", "")


class SteppedClock:
    at = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


def label(row: int) -> NewLabel:
    return NewLabel("A" * 22, row, "cat")


def taken(call: Sequence[NewLabel]) -> CallTaken:
    return CallTaken(len(call), 0, 0, 0, ())


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 3 * CALL_LABELS))
def test_every_row_is_sent_or_refused_and_no_call_is_too_large(good: list[bool], more: int) -> None:
    rows: list[NewLabel | Finding] = [label(k) if g else BAD for k, g in enumerate(good)]
    rows += [label(k) for k in range(more)]
    calls: list[Sequence[NewLabel]] = []

    def send(call: Sequence[NewLabel]) -> CallTaken:
        calls.append(call)
        return taken(call)

    found = FileTaken()
    send_file(rows, send, SteppedClock(), found)
    assert [one for call in calls for one in call] == [r for r in rows if isinstance(r, NewLabel)]
    assert max(map(len, calls), default=0) <= CALL_LABELS
    assert (found.rows, found.accepted) == (len(rows), sum(map(len, calls)))
    assert sum(found.refused.values()) == good.count(False)


def test_a_busy_door_is_asked_again_and_the_same_call_is_sent() -> None:
    calls: list[Sequence[NewLabel]] = []

    def send(call: Sequence[NewLabel]) -> CallTaken:
        calls.append(call)
        if len(calls) < 4:
            raise Unavailable("LD431", "too many requests", "later")
        return taken(call)

    found, clock = FileTaken(), SteppedClock()
    send_file([label(1)], send, clock, found)
    assert (found.accepted, len(calls), clock.at) == (1, 4, 7.0)
    assert calls == [calls[0]] * 4


def test_a_door_that_stays_busy_ends_it_and_what_went_is_known() -> None:
    def send(call: Sequence[NewLabel]) -> CallTaken:
        if call[0].row >= CALL_LABELS:
            raise Unavailable("LD431", "too many requests", "later")
        return taken(call)

    found, clock = FileTaken(), SteppedClock()
    with pytest.raises(Unavailable):
        send_file(map(label, range(2 * CALL_LABELS)), send, clock, found)
    assert (found.rows, found.accepted) == (CALL_LABELS, CALL_LABELS)
    assert clock.at < 60


def test_reasons_are_counted_and_the_first_are_shown() -> None:
    def send(call: Sequence[NewLabel]) -> CallTaken:
        return CallTaken(0, 0, 1, 2, [(one.prediction_id, "LD607", "unknown") for one in call])

    found = FileTaken()
    send_file([BAD, *map(label, range(20))], send, SteppedClock(), found)
    assert found.refused == {"LD605": 1, "LD607": 20}
    assert (found.repeated, found.waiting, len(found.examples)) == (1, 2, 5)
    assert found.examples[:2] == ["LD605 row 1 is no label", f"LD607 {'A' * 22}.0 unknown"]
