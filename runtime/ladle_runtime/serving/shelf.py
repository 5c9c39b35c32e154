"""What was used least recently goes first, and what is in use never goes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


@dataclass(slots=True)
class _Kept:
    bytes: int
    users: int


class Shelf(Generic[Key]):
    """Keeps account of what is held within ``most_bytes``; holding and letting go is its owner's."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self._kept: dict[Key, _Kept] = {}  # least recently used first

    @property
    def bytes(self) -> int:
        return sum(kept.bytes for kept in self._kept.values())

    def __contains__(self, key: Key) -> bool:
        return key in self._kept

    def put(self, key: Key, bytes_: int) -> Sequence[Key] | None:
        """In use by whoever puts it. What has to go for it, and is forgotten here; None where too
        much is in use, and nothing has changed.
        """
        excess = self.bytes + bytes_ - self.most_bytes
        going: list[Key] = []
        for old, kept in self._kept.items():
            if excess <= 0:
                break
            if not kept.users:
                going.append(old)
                excess -= kept.bytes
        if excess > 0:
            return None
        for old in going:
            del self._kept[old]
        self._kept[key] = _Kept(bytes_, 1)
        return going

    def take(self, key: Key) -> None:
        """In use once more, and the most recent."""
        kept = self._kept.pop(key)
        kept.users += 1
        self._kept[key] = kept

    def give_back(self, key: Key) -> None:
        self._kept[key].users -= 1

    def drop(self, key: Key) -> None:
        """Of what could not be held after all."""
        del self._kept[key]
