"""Which pack holds which content, as far as this machine knows; a row that was altered is no row."""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ladle.digest import PREFIX
from ladle.disk.index_database import IndexDatabase
from ladle.experiments.pack import ContentKind, PackIndex, Placed, Slot, StoredPack

_FIND = (
    "SELECT slots.digest, kind, start, length, proof,"
    " id, packs.digest, bytes, index_bytes, key, version_id"
    " FROM slots CROSS JOIN packs ON packs.id = slots.pack"  # in this order: slots first
    " WHERE store = ? AND slots.digest IN ({})"
)
_AT_ONCE = 500  # contents asked for in one statement
_DROP = "DELETE FROM packs WHERE store = ? AND digest = ?"
_DROP_SLOTS = "DELETE FROM slots WHERE pack NOT IN (SELECT id FROM packs)"
_ADD_PACK = (
    "INSERT INTO packs (store, digest, bytes, index_bytes, key, version_id)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_ADD_SLOT = "INSERT INTO slots VALUES (?, ?, ?, ?, ?, ?)"
_KINDS = frozenset(ContentKind)
_SAID = struct.Struct("<32sBQI")


class SqlitePackCatalogue:
    """The PackCatalogue of a repository, for any number of stores."""

    def __init__(self, database: IndexDatabase | Path) -> None:
        self._database = IndexDatabase(database) if isinstance(database, Path) else database

    def find(self, store: str, digests: Sequence[str]) -> Mapping[str, Placed]:
        def question(connection: sqlite3.Connection) -> Mapping[str, Placed]:
            found: dict[str, Placed] = {}
            packs: dict[int, tuple[StoredPack, bytes]] = {}
            for first in range(0, len(digests), _AT_ONCE):
                names = [_raw(name) for name in digests[first : first + _AT_ONCE]]
                marks = ",".join("?" * len(names))
                for row in connection.execute(_FIND.format(marks), [store, *names]):
                    found |= _placed(packs, *row)
            return found

        nowhere: Mapping[str, Placed] = {}
        return self._database.ask(question, nowhere)

    def holds(self, store: str, pack: str) -> bool:
        def question(connection: sqlite3.Connection) -> bool:
            sql = "SELECT 1 FROM packs WHERE store = ? AND digest = ?"
            return connection.execute(sql, (store, pack)).fetchone() is not None

        return self._database.ask(question, False)

    def add(self, store: str, pack: StoredPack, index: PackIndex) -> None:
        def question(connection: sqlite3.Connection) -> None:
            _drop(connection, store, pack.digest)
            row = (store, pack.digest, pack.bytes, pack.index_bytes, pack.key, pack.version_id)
            number = connection.execute(_ADD_PACK, row).lastrowid
            said = _said(pack)
            rows = sorted((_raw(n), int(s.kind), s.offset, s.length) for n, s in index.items())
            connection.executemany(
                _ADD_SLOT,
                ((d, number, k, o, size, _proof(said, d, k, o, size)) for d, k, o, size in rows),
            )

        self._database.ask(question, None)

    def drop(self, store: str, pack: str) -> None:
        def question(connection: sqlite3.Connection) -> None:
            _drop(connection, store, pack)

        self._database.ask(question, None)


def _drop(connection: sqlite3.Connection, store: str, pack: str) -> None:
    """Rare; an index over the slots for it would be written with each of them."""
    if connection.execute(_DROP, (store, pack)).rowcount:
        connection.execute(_DROP_SLOTS)


def _placed(
    packs: dict[int, tuple[StoredPack, bytes]],
    raw: bytes,
    kind: int,
    start: int,
    length: int,
    proof: int,
    number: int,
    *pack: Any,
) -> Mapping[str, Placed]:
    """Nothing for a row that was altered. ``packs`` are those of rows before."""
    if number not in packs:
        packs[number] = (stored := StoredPack(*pack)), _said(stored)
    stored, said = packs[number]
    if kind not in _KINDS or proof != _proof(said, raw, kind, start, length):
        return {}
    return {PREFIX + raw.hex(): Placed(stored, Slot(ContentKind(kind), start, length))}


def _raw(digest: str) -> bytes:
    return bytes.fromhex(digest[len(PREFIX) :])


def _said(pack: StoredPack) -> bytes:
    return hashlib.sha256(repr(pack).encode()).digest()


def _proof(said: bytes, raw: bytes, kind: int, start: int, length: int) -> int:
    """64 bits over all that a row says, its pack included."""
    hashed = hashlib.sha256(said + _SAID.pack(raw, kind, start, length)).digest()
    return int.from_bytes(hashed[:8], "little", signed=True)
