"""Whatever a file system can hold is recorded as it is, or refused in words; never half."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ladle import digest as digests
from ladle.actions.snapshot_data import is_still, snapshot_data
from ladle.disk.file_index import SqliteFileIndex
from ladle.disk.memory_index import MemoryFileIndex
from ladle.disk.silent import SILENT
from ladle.errors import LadleError
from ladle.experiments.snapshot import Snapshot
from ladle.experiments.tree import Kind, TreeEntry

Disturb = Callable[[], object]


class Watcher:
    """Progress that counts, and can meddle when the work starts or moves."""

    def __init__(self, at_start: Disturb | None = None, while_reading: Disturb | None = None):
        self.files = self.bytes = 0
        self._at_start, self._while_reading = at_start, while_reading

    def start(self, what: str, total_bytes: int | None, total_files: int | None) -> None:
        if self._at_start:
            self._at_start()

    def advance(self, bytes_: int, files: int = 0) -> None:
        self.bytes, self.files = self.bytes + bytes_, self.files + files
        if self._while_reading and bytes_:
            self._while_reading()

    def finish(self) -> None: ...


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"a")
    (folder / "inner" / "b.csv").write_bytes(b"bb")
    return folder


def taken(path: Path) -> Snapshot:
    return snapshot_data(path, MemoryFileIndex(), SILENT)


def entries(path: Path) -> dict[str, TreeEntry]:
    found = taken(path)
    return {entry.name: entry for entry in found.trees[found.digest]}


def refused(path: Path, watcher: Watcher | None = None) -> list[str]:
    with pytest.raises(LadleError) as caught:
        snapshot_data(path, MemoryFileIndex(), watcher or SILENT)
    return [finding.code for finding in caught.value.findings]


def hashed_again(path: Path, index: MemoryFileIndex | SqliteFileIndex) -> int:
    watcher = Watcher()
    snapshot_data(path, index, watcher)
    return watcher.files


@pytest.mark.parametrize(
    "name",
    ["with space", "new\nline", "tab\t", "café", "cafe\u0301", "日本", "-rf", "…", "🦄", "'"],
)
def test_a_name_is_kept_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert [*entries(tmp_path)] == [name]


def test_two_names_that_differ_only_in_form_stay_two(tmp_path: Path) -> None:
    for name in ("café", "cafe\u0301"):
        (tmp_path / name).write_bytes(name.encode())
    assert [*entries(tmp_path)] == ["cafe\u0301", "café"]


def test_every_name_that_is_not_utf8_is_told_at_once(data: Path) -> None:
    for folder in (data, data / "inner"):
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9")).write_bytes(b"x")
    assert refused(data) == ["LD340", "LD340"]


def test_a_link_is_its_text_and_is_not_followed(data: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    (data / "out").symlink_to("../outside")
    (data / "nowhere").symlink_to("no such file")
    found = taken(data)
    assert entries(data)["out"].kind is Kind.LINK
    assert set(found.links.values()) == {b"../outside", b"no such file"}
    assert str(digests.of_bytes(b"secret")) not in found.sources


def test_a_link_to_a_folder_above_is_no_endless_walk(data: Path) -> None:
    (data / "inner" / "up").symlink_to("..")
    assert taken(data).files == 3


def test_a_link_that_a_person_names_is_the_data_it_leads_to(data: Path, tmp_path: Path) -> None:
    (tmp_path / "named").symlink_to(data)
    assert taken(tmp_path / "named") == taken(data)


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    assert refused(tmp_path / "round") == ["LD342"]


def test_an_executable_file_is_another_than_a_plain_one(data: Path) -> None:
    before = taken(data)
    (data / "a.csv").chmod(0o755)
    assert entries(data)["a.csv"].executable
    assert taken(data).digest != before.digest


def test_empty_files_and_empty_folders_are_kept(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "nothing").write_bytes(b"")
    found = entries(tmp_path)
    assert (found["empty"].kind, found["empty"].files) == (Kind.FOLDER, 0)
    assert (found["nothing"].kind, found["nothing"].bytes) == (Kind.FILE, 0)


def test_an_empty_root_is_a_snapshot(tmp_path: Path) -> None:
    assert (taken(tmp_path).files, taken(tmp_path).bytes) == (0, 0)


def test_what_git_and_ladle_keep_is_no_data_at_any_depth(data: Path) -> None:
    before = taken(data)
    for folder in (data / ".git", data / "inner" / ".ladle"):
        folder.mkdir()
        (folder / "x").write_bytes(b"x")
    (data / "inner" / ".git").write_text("gitdir: elsewhere")
    assert taken(data) == before
    assert refused(data / ".git") == ["LD341"]


def test_pipes_and_sockets_are_refused_by_name(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(data / "pipe")
    monkeypatch.chdir(data)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert refused(data) == ["LD341", "LD341"]
        assert refused(data / "pipe") == ["LD341"]


def test_a_folder_too_deep_to_be_read_is_refused(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=descriptor)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    assert refused(tmp_path) == ["LD342"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_files_and_folders_without_rights_are_refused(data: Path) -> None:
    (data / "inner").chmod(0)
    assert refused(data) == ["LD342"]
    (data / "inner").chmod(0o700)
    (data / "a.csv").chmod(0)
    assert refused(data) == ["LD342"]


def test_a_missing_path_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path / "nothing") == ["LD305"]


@pytest.mark.parametrize("disturb", [os.utime, lambda path: os.truncate(path, 4 << 20)])
def test_a_file_that_changes_while_it_is_read_is_refused(
    data: Path, disturb: Callable[[Path], object]
) -> None:
    large = data / "large.csv"
    large.write_bytes(b"a" * (3 << 20))
    assert refused(large, Watcher(while_reading=lambda: disturb(large))) == ["LD316"]


@pytest.mark.parametrize("now", [b"b", b"longer"])
def test_a_small_file_that_changed_since_the_walk_is_what_it_is_now(data: Path, now: bytes) -> None:
    watcher = Watcher(at_start=lambda: (data / "a.csv").write_bytes(now))
    found = snapshot_data(data, MemoryFileIndex(), watcher)
    assert found.digest == taken(data).digest


def test_a_file_that_is_gone_before_it_is_read_is_told(data: Path) -> None:
    assert refused(data, Watcher(at_start=(data / "a.csv").unlink)) == ["LD343"]


def test_a_link_or_pipe_in_a_files_place_is_never_opened(data: Path) -> None:
    def swap(make: Callable[[Path], object]) -> Watcher:
        def disturb() -> None:
            (data / "a.csv").unlink()
            make(data / "a.csv")

        return Watcher(at_start=disturb)

    assert refused(data, swap(lambda path: path.symlink_to("inner/b.csv"))) == ["LD316"]
    (data / "a.csv").unlink()
    (data / "a.csv").write_bytes(b"a")
    assert refused(data, swap(os.mkfifo)) == ["LD316"]


def test_only_what_is_new_is_read(data: Path) -> None:
    index = MemoryFileIndex()
    assert hashed_again(data, index) == 2
    (data / "c.csv").write_bytes(b"c")
    assert hashed_again(data, index) == 1
    assert hashed_again(data, index) == 0


def test_an_edit_that_keeps_size_and_mtime_is_found(data: Path) -> None:
    index, file = MemoryFileIndex(), data / "a.csv"
    before, times = snapshot_data(data, index, SILENT), file.stat()
    file.write_bytes(b"z")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert snapshot_data(data, index, SILENT) == taken(data) != before


def test_a_file_put_in_anothers_place_is_found(data: Path) -> None:
    index = MemoryFileIndex()
    snapshot_data(data, index, SILENT)
    (data / "new").write_bytes(b"n")
    (data / "new").rename(data / "a.csv")
    assert snapshot_data(data, index, SILENT) == taken(data)


def test_a_file_written_at_the_moment_of_hashing_is_hashed_again(data: Path) -> None:
    moment = (data / "a.csv").stat().st_ctime_ns
    index = MemoryFileIndex(at_ns=moment)
    assert hashed_again(data, index) == 2
    assert hashed_again(data, index) == 2
    index.at_ns = moment + 3_000_000_000
    assert hashed_again(data, index) == 2
    assert hashed_again(data, index) == 0


def test_a_clock_that_was_ahead_costs_time_and_no_truth(data: Path, tmp_path: Path) -> None:
    index, file = SqliteFileIndex(tmp_path / "index.sqlite"), data / "a.csv"
    os.utime(file, ns=(1 << 61, 1 << 61))
    assert hashed_again(file, index) == hashed_again(file, index) == 1
    file.write_bytes(b"z")
    os.utime(file, ns=(1 << 61, 1 << 61))
    assert snapshot_data(file, index, SILENT).digest == str(digests.of_bytes(b"z"))


def test_a_lost_index_gives_the_same_answer(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    before = snapshot_data(data, SqliteFileIndex(path), SILENT)
    path.unlink()
    assert snapshot_data(data, SqliteFileIndex(path), SILENT) == before


def test_progress_tells_every_byte_and_file(data: Path) -> None:
    (data / "large").write_bytes(b"x" * 3_000_000)
    watcher = Watcher()
    snapshot_data(data, MemoryFileIndex(), watcher)
    assert (watcher.files, watcher.bytes) == (3, 3_000_003)


@pytest.mark.parametrize(
    "edit",
    [
        lambda data: (data / "a.csv").write_bytes(b"z"),
        lambda data: (data / "a.csv").chmod(0o755),
        lambda data: (data / "a.csv").rename(data / "b.csv"),
        lambda data: (data / "a.csv").unlink(),
        lambda data: (data / "new.csv").write_bytes(b""),
        lambda data: (data / "inner" / "empty").mkdir(),
        lambda data: (data / "inner").rename(data / "outer"),
        lambda data: (data / "link").symlink_to("a.csv"),
    ],
    ids=["content", "mode", "name", "gone", "new", "empty folder", "folder", "link"],
)
def test_a_folder_is_still_what_it_was_until_anything_changes(
    data: Path, edit: Callable[[Path], object]
) -> None:
    index = MemoryFileIndex()
    assert not is_still(data, taken(data).digest, index)
    digest = snapshot_data(data, index, SILENT).digest
    assert is_still(data, digest, index)
    assert not is_still(data, "sha256:" + "0" * 64, index)
    edit(data)
    assert not is_still(data, digest, index)


def test_a_folder_that_was_hashed_while_it_was_written_is_looked_at_again(data: Path) -> None:
    index = MemoryFileIndex(at_ns=(data / "a.csv").stat().st_ctime_ns)
    assert not is_still(data, snapshot_data(data, index, SILENT).digest, index)
