"""``.ladle/index.sqlite``: what this machine need not find out twice. It never raises, never lies.

Damaged or of another version, it is begun anew; locked for long, full or out of reach, it is as if it
were empty. Every row carries a checksum, since SQLite keeps none of its pages.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ladle.disk.durable import exclusive

VERSION = 3
WAIT_S = 10.0
_DAMAGED = sqlite3.SQLITE_CORRUPT
_OUT_OF_REACH = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,  # a file system without the locks that WAL needs
    }
)
_SCHEMA = """
CREATE TABLE folders (path BLOB PRIMARY KEY, files BLOB NOT NULL, proof BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE wholes (
    path BLOB PRIMARY KEY, state BLOB NOT NULL, digest TEXT NOT NULL, proof BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE packs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, store TEXT NOT NULL, digest TEXT NOT NULL, bytes INTEGER NOT NULL,
    index_bytes INTEGER NOT NULL, key TEXT NOT NULL, version_id TEXT, UNIQUE (store, digest)
);
CREATE TABLE slots (
    digest BLOB NOT NULL, pack INTEGER NOT NULL,
    kind INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL, proof INTEGER NOT NULL,
    PRIMARY KEY (digest, pack)
) WITHOUT ROWID;
"""
_T = TypeVar("_T")


class IndexDatabase:
    """One connection, shared by the threads of this process and opened when it is first needed."""

    def __init__(self, path: Path, wait_s: float = WAIT_S) -> None:
        self.path = path
        self._wait_s = wait_s
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def ask(self, question: Callable[[sqlite3.Connection], _T], otherwise: _T) -> _T:
        """What ``question`` finds in one transaction, or ``otherwise``. All that it writes or nothing."""
        with self._lock:
            for _ in range(2):
                try:
                    connection = self._connection or self._open()
                    with connection:
                        return question(connection)
                except sqlite3.DatabaseError as error:
                    if getattr(error, "sqlite_errorcode", _DAMAGED) & 0xFF in _OUT_OF_REACH:
                        self._close()
                        return otherwise
                    self._begin_anew()
                except UnicodeDecodeError:  # a damaged name within an error's own text
                    self._begin_anew()
                except OSError:
                    return otherwise
        return otherwise

    def close(self) -> None:
        with self._lock:
            self._close()

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=self._wait_s, isolation_level="IMMEDIATE", check_same_thread=False
        )
        self._connection = connection
        connection.execute("PRAGMA synchronous = NORMAL")
        if _version(connection) != VERSION:
            with exclusive(self._lock_file()):
                _make(connection)
        return connection

    def _begin_anew(self) -> None:
        """Another process may have done so in between; then its fresh file goes too, at no loss."""
        self._close()
        with contextlib.suppress(OSError), exclusive(self._lock_file()):
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{self.path}{suffix}")

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _lock_file(self) -> Path:
        return self.path.with_suffix(".lock")


def _version(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return int(found)


def _make(connection: sqlite3.Connection) -> None:
    """Raises DatabaseError for a file of another version, which is then begun anew."""
    found = _version(connection)
    if found == VERSION:
        return
    if found != 0:
        raise sqlite3.DatabaseError(f"version {found}")
    # Once, behind the lock: a process that switches does not wait for another to be done.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
