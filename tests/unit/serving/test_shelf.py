"""A shelf is never overfull, never gives away what is in use, and lets the least recently used go."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ladle_runtime.serving.shelf import Shelf

ROOM = 10
keys = st.integers(0, 5)


class ShelfBesideAList(RuleBasedStateMachine):
    """The model: a list of key, size and users, least recently used first."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf: Shelf[int] = Shelf(ROOM)
        self.rows: list[list[int]] = []

    def row(self, key: int) -> list[int] | None:
        return next((row for row in self.rows if row[0] == key), None)

    @rule(key=keys, size=st.integers(0, ROOM + 2))
    def put(self, key: int, size: int) -> None:
        if self.row(key) is not None:
            return
        going = self.shelf.put(key, size)
        excess = sum(row[1] for row in self.rows) + size - ROOM
        idle = [row for row in self.rows if not row[2]]
        if going is None:
            assert excess > sum(row[1] for row in idle)
            return
        gone = idle[: len(going)]
        assert list(going) == [row[0] for row in gone]
        assert sum(row[1] for row in gone) >= excess
        assert not gone or sum(row[1] for row in gone[:-1]) < excess
        self.rows = [row for row in self.rows if row not in gone] + [[key, size, 1]]

    @rule(key=keys)
    def take(self, key: int) -> None:
        row = self.row(key)
        if row is not None:
            self.shelf.take(key)
            self.rows.remove(row)
            self.rows.append([row[0], row[1], row[2] + 1])

    @rule(key=keys)
    def give_back(self, key: int) -> None:
        row = self.row(key)
        if row is not None and row[2]:
            self.shelf.give_back(key)
            row[2] -= 1

    @rule(key=keys)
    def drop(self, key: int) -> None:
        row = self.row(key)
        if row is not None:
            self.shelf.drop(key)
            self.rows.remove(row)

    @invariant()
    def holds_what_fits(self) -> None:
        assert self.shelf.bytes == sum(row[1] for row in self.rows) <= ROOM
        assert all((key in self.shelf) == (self.row(key) is not None) for key in range(6))


TestAShelf = ShelfBesideAList.TestCase


@given(st.integers(ROOM + 1))
def test_what_is_larger_than_all_the_room_moves_nothing(size: int) -> None:
    shelf: Shelf[str] = Shelf(ROOM)
    assert shelf.put("a", ROOM) == []
    shelf.give_back("a")
    assert shelf.put("b", size) is None
    assert "a" in shelf


def test_what_is_not_there_cannot_be_taken() -> None:
    with pytest.raises(KeyError):
        Shelf[str](ROOM).take("a")
