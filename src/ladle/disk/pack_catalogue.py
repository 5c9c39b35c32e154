"""Which pack holds which content, as far as this machine knows; a row that was altered is no row."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from ladle.digest import PREFIX
from ladle.disk.index_database import IndexDatabase
from ladle.experiments.pack import ContentKind, PackIndex, Placed, Slot, StoredPack

_PACKS = (
    "SELECT id, digest, bytes, index_bytes, key, version_id FROM packs WHERE store = ? ORDER BY id"
)
_SLOTS = "SELECT pack, kind, start, length, proof FROM slots WHERE digest = ? ORDER BY pack"
_DROP = "DELETE FROM packs WHERE store = ? AND digest = ?"
_ADD_PACK = (
    "INSERT INTO packs (store, digest, bytes, index_bytes, key, version_id)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_ADD_SLOT = "INSERT INTO slots VALUES (?, ?, ?, ?, ?, ?)"
_KINDS = frozenset(ContentKind)


class SqlitePackCatalogue:
    """The PackCatalogue of a repository, for any number of stores."""

    def __init__(self, database: IndexDatabase | Path) -> None:
        self._database = IndexDatabase(database) if isinstance(database, Path) else database

    def find(self, store: str, digests: Sequence[str]) -> Mapping[str, Placed]:
        def question(connection: sqlite3.Connection) -> Mapping[str, Placed]:
            packs = _packs(connection, store)
            return {
                digest: placed
                for digest in digests
                for row in connection.execute(_SLOTS, (_raw(digest),))
                if (placed := _placed(digest, packs, row)) is not None
            }

        nowhere: Mapping[str, Placed] = {}
        return self._database.ask(question, nowhere)

    def holds(self, store: str, pack: str) -> bool:
        def question(connection: sqlite3.Connection) -> bool:
            sql = "SELECT 1 FROM packs WHERE store = ? AND digest = ?"
            return connection.execute(sql, (store, pack)).fetchone() is not None

        return self._database.ask(question, False)

    def add(self, store: str, pack: StoredPack, index: PackIndex) -> None:
        def question(connection: sqlite3.Connection) -> None:
            connection.execute(_DROP, (store, pack.digest))
            row = (store, pack.digest, pack.bytes, pack.index_bytes, pack.key, pack.version_id)
            number = connection.execute(_ADD_PACK, row).lastrowid
            said = _said(pack)
            connection.executemany(
                _ADD_SLOT,
                (
                    (_raw(name), number, s.kind, s.offset, s.length, _proof(name, said, s))
                    for name, s in index.items()
                ),
            )

        self._database.ask(question, None)

    def drop(self, store: str, pack: str) -> None:
        def question(connection: sqlite3.Connection) -> None:
            connection.execute(_DROP, (store, pack))

        self._database.ask(question, None)


def _packs(connection: sqlite3.Connection, store: str) -> Mapping[int, tuple[StoredPack, bytes]]:
    found: dict[int, tuple[StoredPack, bytes]] = {}
    for number, *row in connection.execute(_PACKS, (store,)):
        pack = StoredPack(*row)
        found[number] = pack, _said(pack)
    return found


def _placed(
    digest: str, packs: Mapping[int, tuple[StoredPack, bytes]], row: tuple[int, int, int, int, int]
) -> Placed | None:
    number, kind, start, length, proof = row
    if number not in packs or kind not in _KINDS:
        return None
    (pack, said), slot = packs[number], Slot(ContentKind(kind), start, length)
    return Placed(pack, slot) if proof == _proof(digest, said, slot) else None


def _raw(digest: str) -> bytes:
    return bytes.fromhex(digest[len(PREFIX) :])


def _said(pack: StoredPack) -> bytes:
    return repr(pack).encode()


def _proof(digest: str, said: bytes, slot: Slot) -> int:
    """64 bits over all that a row says, its pack included."""
    text = f"{digest} {slot.kind:d} {slot.offset} {slot.length}".encode()
    return int.from_bytes(hashlib.sha256(text + said).digest()[:8], "little", signed=True)
