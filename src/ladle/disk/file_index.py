"""What was hashed on this machine, one row a folder, so that a folder of any size is read at once."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from ladle.digest import PREFIX
from ladle.disk.index_database import IndexDatabase
from ladle.experiments.snapshot import SeenFile

_ROW = struct.Struct("<32sQqqQ")
_BELOW = "FROM folders WHERE path = ? OR (path > ? AND path < ?)"
_REPLACE = (
    "INSERT INTO folders VALUES (?, ?, ?) ON CONFLICT (path) DO UPDATE"
    " SET files = excluded.files, proof = excluded.proof WHERE proof != excluded.proof"
)
_Rows = list[tuple[bytes, bytes, bytes]]


class SqliteFileIndex:
    """The FileIndex of a repository. Its moment is the file system's own, so a clock may jump."""

    def __init__(self, database: IndexDatabase | Path) -> None:
        self._database = IndexDatabase(database) if isinstance(database, Path) else database

    def now_ns(self) -> int:
        stamp = self._database.path.with_suffix(".now")
        try:
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_bytes(b"")
            os.utime(stamp)
            return stamp.stat().st_mtime_ns
        except OSError:
            return 0  # no moment is known: nothing counts as settled

    def below(self, folder: Path) -> Mapping[str, SeenFile]:
        key = os.fsencode(folder)

        def question(connection: sqlite3.Connection) -> _Rows:
            return connection.execute(f"SELECT path, files, proof {_BELOW}", _range(key)).fetchall()

        nothing: _Rows = []
        found: dict[str, SeenFile] = {}
        for path, files, proof in self._database.ask(question, nothing):
            if _proof(path, files) == proof:
                found.update(_unpacked(os.fsdecode(path[len(key) + 1 :]), files))
        return found

    def remember(self, folder: Path, seen: Mapping[str, SeenFile]) -> None:
        key = os.fsencode(folder)
        rows = dict(_packed(key, seen))

        def question(connection: sqlite3.Connection) -> None:
            known = connection.execute(f"SELECT path {_BELOW}", _range(key)).fetchall()
            gone = [row for row in known if row[0] not in rows]
            connection.executemany("DELETE FROM folders WHERE path = ?", gone)
            proven = ((path, files, _proof(path, files)) for path, files in rows.items())
            connection.executemany(_REPLACE, proven)

        self._database.ask(question, None)

    def whole(self, folder: Path, state: bytes) -> str | None:
        key = os.fsencode(folder)

        def question(connection: sqlite3.Connection) -> str | None:
            sql = "SELECT digest, proof FROM wholes WHERE path = ? AND state = ?"
            digest, proof = connection.execute(sql, (key, state)).fetchone() or ("", b"")
            return digest if _proof(key, state + digest.encode()) == proof else None

        return self._database.ask(question, None)

    def remember_whole(self, folder: Path, state: bytes, digest: str) -> None:
        key = os.fsencode(folder)
        row = key, state, digest, _proof(key, state + digest.encode())

        def question(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO wholes VALUES (?, ?, ?, ?)", row)

        self._database.ask(question, None)


def _range(key: bytes) -> tuple[bytes, bytes, bytes]:
    """A folder and what lies below it: the byte after "/" is "0"."""
    return key, key + b"/", key + b"0"


def _proof(path: bytes, files: bytes) -> bytes:
    return hashlib.sha256(path + b"\0" + files).digest()


def _packed(key: bytes, seen: Mapping[str, SeenFile]) -> Iterator[tuple[bytes, bytes]]:
    """Per folder: how many files, their rows, their names parted by zero bytes."""
    folders: dict[str, dict[str, SeenFile]] = {}
    for path, file in seen.items():
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, {})[name] = file
    for folder, files in folders.items():
        rows = b"".join(
            _ROW.pack(bytes.fromhex(f.digest[7:]), f.bytes, f.mtime_ns, f.ctime_ns, f.inode)
            for f in files.values()
        )
        full_path = key + b"/" + folder.encode() if folder else key
        yield full_path, len(files).to_bytes(8, "little") + rows + "\0".join(files).encode()


def _unpacked(folder: str, files: bytes) -> Iterator[tuple[str, SeenFile]]:
    end = 8 + int.from_bytes(files[:8], "little") * _ROW.size
    below = f"{folder}/" if folder else ""
    names = files[end:].decode().split("\0")
    rows = _ROW.iter_unpack(files[8:end])
    for name, (digest, length, mtime_ns, ctime_ns, inode) in zip(names, rows, strict=True):
        yield below + name, SeenFile(PREFIX + digest.hex(), length, mtime_ns, ctime_ns, inode)
