"""A pack is one stored object that holds many contents, with an index of them at its end.

Layout of a pack, integers little-endian::

    "LDLPACK1" · contents, end to end · index: 45 bytes a content · index length (u32) · "LDLPEND1"

An index row is digest (32 bytes), kind (1), offset (u64), length (u32). BYTES hash to their digest. A
RECIPE says which contents, put together, hash to its digest; see ``recipe``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from ladle.digest import PREFIX
from ladle.errors import Corrupt

TARGET_BYTES = 16 << 20  # a pack is closed when it holds this much; one content may exceed it once
LARGEST_BYTES = 32 << 20
_HEAD, _TAIL = b"LDLPACK1", b"LDLPEND1"
_GROWTH_BYTES = 1 << 20
_ROW = struct.Struct("<32sBQI")
_LENGTH = struct.Struct("<I")
ROW_BYTES = _ROW.size
END_BYTES = _LENGTH.size + len(_TAIL)


class ContentKind(IntEnum):
    BYTES = 0
    RECIPE = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a content lies within a pack: ``offset`` and ``length`` in bytes from its beginning."""

    kind: ContentKind
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class StoredPack:
    """A pack as the store holds it: enough to read its index by one ranged request."""

    digest: str
    bytes: int
    index_bytes: int  # index rows only, without length and tail
    key: str
    version_id: str | None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one content lies."""

    pack: StoredPack
    slot: Slot


PackIndex = Mapping[str, Slot]  # digest, written sha256:…


class PackWriter:
    """Copies contents one behind the other until a pack is full; bounded by LARGEST_BYTES.

    ``memory`` is that of a pack which is needed no more: to touch fresh memory costs more than a copy.
    """

    def __init__(self, memory: bytearray | None = None) -> None:
        self._memory = bytearray() if memory is None else memory
        self._view = memoryview(self._memory)
        self._size = 0
        self._index: dict[str, Slot] = {}
        self._append(_HEAD)

    def add(self, digest: str, kind: ContentKind, content: bytes | memoryview) -> None:
        """The same digest again changes nothing: a pack holds each content once."""
        if digest not in self._index:
            self._index[digest] = Slot(kind, self._size, len(content))
            self._append(content)

    def _append(self, content: bytes | memoryview) -> None:
        end = self._size + len(content)
        if end > len(self._memory):
            self._view.release()
            self._memory.extend(bytes(max(end - len(self._memory), _GROWTH_BYTES)))
            self._view = memoryview(self._memory)
        self._view[self._size : end] = content
        self._size = end

    @property
    def size(self) -> int:
        return self._size

    @property
    def is_full(self) -> bool:
        return self._size >= TARGET_BYTES

    @property
    def index(self) -> PackIndex:
        return self._index

    def finish(self) -> bytearray:
        """The whole pack, once, in the memory it was given. An empty one is a mistake: ValueError."""
        if not self._index:
            raise ValueError("a pack without contents")
        rows = b"".join(
            _ROW.pack(bytes.fromhex(name[len(PREFIX) :]), slot.kind, slot.offset, slot.length)
            for name, slot in self._index.items()
        )
        self._append(rows + _LENGTH.pack(len(rows)) + _TAIL)
        self._view.release()
        del self._memory[self._size :]
        return self._memory


def read_index(rows: bytes, pack: str) -> PackIndex:
    """``rows`` are the ``index_bytes`` before the end of a pack. Raises Corrupt."""
    try:
        return {
            PREFIX + digest.hex(): Slot(ContentKind(kind), offset, length)
            for digest, kind, offset, length in _ROW.iter_unpack(rows)
        }
    except (struct.error, ValueError) as error:
        raise broken(pack) from error


def index_size(end: bytes) -> int | None:
    """What the last END_BYTES say of the index before them; None when they end no pack."""
    if end[-len(_TAIL) :] != _TAIL:
        return None
    (length,) = _LENGTH.unpack(end[: _LENGTH.size])
    return int(length)


def index_of(pack: bytes, name: str) -> PackIndex:
    """The index of a whole pack. Raises Corrupt."""
    if pack[: len(_HEAD)] != _HEAD or pack[-len(_TAIL) :] != _TAIL:
        raise broken(name)
    (length,) = _LENGTH.unpack(pack[-END_BYTES : -len(_TAIL)])
    return read_index(pack[-END_BYTES - length : -END_BYTES], name)


def broken(pack: str) -> Corrupt:
    return Corrupt("LD312", f"pack {pack[:19]} is altered", "ladle verify --repair")
