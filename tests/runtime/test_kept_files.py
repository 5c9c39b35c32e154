"""Fetched models stay on disk while there is room, and each fetch asks with keys that are good."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from tests.runtime.onnx_nodes import SETTINGS, Silent

from ladle.disk.clock import SystemClock
from ladle.errors import Unavailable
from ladle.sigv4 import Credentials
from ladle_runtime.serving.kept_files import KeptFiles, MakeRoom
from ladle_runtime.serving.settings import Bundle
from ladle_runtime.serving.several import Loader


def bundle(content: bytes) -> Bundle:
    digest = hashlib.sha256(content).hexdigest()
    keys = Credentials("AKID", "secret", None)
    return Bundle("b", content.decode(), "v1", digest, "eu-west-1", None, keys)


class Far:
    """Objects whose key is their content."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.break_off = False

    def fetch(self, wanted: Bundle, make_room: MakeRoom) -> None:
        self.asked.append(wanted.key)
        for _ in range(2):  # the first try breaks off
            room: BinaryIO = make_room(len(wanted.key))
            room.write(wanted.key.encode()[:1])
        if self.break_off:
            raise Unavailable("LD420", "gone", "wait")
        room.write(wanted.key.encode()[1:])


def test_a_fetched_model_stays_on_disk_while_there_is_room(tmp_path: Path) -> None:
    far = Far()
    files = KeptFiles(str(tmp_path), 6, far.fetch)

    def read(content: bytes) -> bytes:
        with files.file(bundle(content)) as path:
            return path.read_bytes()

    assert [read(c) for c in (b"aaa", b"bbb", b"aaa")] == [b"aaa", b"bbb", b"aaa"]
    assert far.asked == ["aaa", "bbb"]
    assert read(b"ccc") == b"ccc"  # b goes
    assert [read(b"aaa"), read(b"bbb")] == [b"aaa", b"bbb"]
    assert far.asked == ["aaa", "bbb", "ccc", "bbb"]
    assert sum(1 for path in tmp_path.rglob("*") if path.is_file()) == 2
    files.close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_being_loaded_stays_and_a_broken_fetch_leaves_nothing(
    tmp_path: Path,
) -> None:
    far = Far()
    files = KeptFiles(str(tmp_path), 6, far.fetch)
    with files.file(bundle(b"aaaa")) as path:
        with pytest.raises(Unavailable, match="room"), files.file(bundle(b"bbb")):
            pass
        assert path.read_bytes() == b"aaaa"
    far.break_off = True
    with pytest.raises(Unavailable, match="gone"), files.file(bundle(b"bbb")):
        pass
    far.break_off = False
    with files.file(bundle(b"bbb")) as path:
        assert path.read_bytes() == b"bbb"


def test_keys_are_asked_for_each_fetch(tmp_path: Path) -> None:
    used: list[str] = []

    def fetch(wanted: Bundle, make_room: MakeRoom) -> None:
        used.append(wanted.credentials.access_key)
        make_room(0)

    keys = iter([Credentials("new", "s", None)])
    loader = Loader(KeptFiles(str(tmp_path), 6, fetch), lambda: next(keys), SystemClock(), Silent())
    with loader.file(replace(SETTINGS, model_at=bundle(b"a"))):
        assert used == ["new"]
