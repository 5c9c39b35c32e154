"""The FileIndex on every adapter; then what only a file can suffer."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ladle.disk.file_index import SqliteFileIndex
from ladle.disk.index_database import IndexDatabase
from ladle.disk.memory_index import MemoryFileIndex
from ladle.experiments.snapshot import SeenFile
from ladle.ports import FileIndex

FOLDER = Path("/data/train")
OTHER = Path("/data/train-2")  # begins alike and lies beside
SEEN = {
    "a.csv": SeenFile("sha256:" + "1a" * 32, 3, 1_700_000_000_000_000_001, 5, 2**63 + 1),
    "b/c d.csv": SeenFile("sha256:" + "2b" * 32, 0, -1, 7, 2),
    "b/new\nline": SeenFile("sha256:" + "3c" * 32, 1 << 45, 4, 4, 3),
    "caf\u00e9": SeenFile("sha256:" + "4d" * 32, 1, 1, 1, 1),
    "cafe\u0301": SeenFile("sha256:" + "5e" * 32, 1, 1, 1, 1),
}


@pytest.fixture(params=["sqlite", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> FileIndex:
    if request.param == "memory":
        return MemoryFileIndex()
    return SqliteFileIndex(tmp_path / ".ladle" / "index.sqlite")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of an index that remembers SEEN and is closed."""
    database = IndexDatabase(tmp_path / "index.sqlite")
    SqliteFileIndex(database).remember(FOLDER, SEEN)
    SqliteFileIndex(database).remember_whole(FOLDER, b"state", SEEN["a.csv"].digest)
    database.close()
    return database.path


def test_what_is_remembered_is_known(index: FileIndex) -> None:
    index.remember(FOLDER, SEEN)
    assert index.below(FOLDER) == SEEN


def test_nothing_is_known_before(index: FileIndex) -> None:
    assert index.below(FOLDER) == {}


def test_a_folder_within_is_known_by_itself(index: FileIndex) -> None:
    index.remember(FOLDER, SEEN)
    below = {name[2:]: file for name, file in SEEN.items() if name.startswith("b/")}
    assert index.below(FOLDER / "b") == below


def test_a_file_is_known_below_itself(index: FileIndex) -> None:
    index.remember(FOLDER / "a.csv", {"": SEEN["a.csv"]})
    assert index.below(FOLDER / "a.csv") == {"": SEEN["a.csv"]}


def test_what_is_gone_is_forgotten_and_what_lies_beside_is_not(index: FileIndex) -> None:
    index.remember(OTHER, SEEN)
    index.remember(FOLDER, SEEN)
    index.remember(FOLDER, {"a.csv": SEEN["b/c d.csv"]})
    assert index.below(FOLDER) == {"a.csv": SEEN["b/c d.csv"]}
    assert index.below(OTHER) == SEEN


def test_a_whole_folder_is_known_in_the_state_it_had_and_in_no_other(index: FileIndex) -> None:
    assert index.whole(FOLDER, b"state") is None
    index.remember_whole(FOLDER, b"before", SEEN["a.csv"].digest)
    index.remember_whole(FOLDER, b"state", SEEN["a.csv"].digest)
    assert index.whole(FOLDER, b"state") == SEEN["a.csv"].digest
    assert index.whole(FOLDER, b"before") is None
    assert index.whole(OTHER, b"state") is None


def test_what_is_written_later_has_no_earlier_time(tmp_path: Path) -> None:
    index = SqliteFileIndex(tmp_path / "index.sqlite")
    at_ns = index.now_ns()
    file = tmp_path / "later"
    file.write_bytes(b"")
    assert file.stat().st_mtime_ns >= at_ns > 0


def test_another_process_finds_what_is_remembered(path: Path) -> None:
    assert SqliteFileIndex(path).below(FOLDER) == SEEN


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_a_flipped_bit_is_never_a_wrong_answer(path: Path, where: float, bits: int) -> None:
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[int(where * len(whole))] ^= bits
    path.write_bytes(broken)
    index = SqliteFileIndex(path)
    found, digest = index.below(FOLDER), index.whole(FOLDER, b"state")
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(whole)
    assert found.items() <= SEEN.items()
    assert digest in (None, SEEN["a.csv"].digest)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 400, None])
def test_a_damaged_index_is_begun_anew(path: Path, content: bytes | None) -> None:
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    index = SqliteFileIndex(path)
    index.remember(OTHER, SEEN)
    assert index.below(OTHER) == SEEN
    assert index.below(FOLDER) in ({}, SEEN)


def test_an_index_of_another_version_is_begun_anew(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute("DROP TABLE folders")
    connection.close()
    index = SqliteFileIndex(path)
    index.remember(OTHER, SEEN)
    assert index.below(OTHER) == SEEN


def test_an_index_without_its_tables_is_begun_anew(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE folders")
    connection.close()
    index = SqliteFileIndex(path)
    index.remember(OTHER, SEEN)
    assert index.below(OTHER) == SEEN


def test_a_locked_index_is_as_if_it_were_empty_and_stays(path: Path) -> None:
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("BEGIN IMMEDIATE")
        index = SqliteFileIndex(IndexDatabase(path, wait_s=0.01))
        index.remember(OTHER, SEEN)
        connection.execute("ROLLBACK")
    connection.close()
    assert SqliteFileIndex(path).below(OTHER) == {}
    assert SqliteFileIndex(path).below(FOLDER) == SEEN


def test_where_no_index_can_lie_nothing_is_known(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    index = SqliteFileIndex(tmp_path / "file" / "index.sqlite")
    index.remember(FOLDER, SEEN)
    assert (index.below(FOLDER), index.now_ns()) == ({}, 0)


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from ladle.disk.file_index import SqliteFileIndex\n"
        "from ladle.experiments.snapshot import SeenFile\n"
        "seen = {'a': SeenFile('sha256:' + '1a' * 32, 1, 1, 1, 1)}\n"
        "for n in range(60):\n"
        "    index = SqliteFileIndex(Path(sys.argv[1]))\n"
        "    index.remember(Path(f'/data/{sys.argv[2]}-{n}'), seen)\n"
    )
    path = tmp_path / "index.sqlite"
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(path), who]) for who in ("one", "two")
    ]
    assert [process.wait() for process in running] == [0, 0]
    index = SqliteFileIndex(path)
    assert len(index.below(Path("/data"))) == 120
