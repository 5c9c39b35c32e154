"""What is served can no longer be changed by anybody, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from ladle.disk.clock import SystemClock
from ladle.errors import Corrupt, NotFound
from ladle_runtime.serving.model_file import read_model

LARGE = bytes(range(256)) * 8192


def test_a_large_model_is_read_into_a_file_of_our_own_that_goes_when_it_is_loaded(
    tmp_path: Path,
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    given = tmp_path / "model.onnx"
    given.write_bytes(LARGE)
    with read_model(str(given), str(scratch), SystemClock()) as model:
        assert model.file is not None
        assert model.file.read_bytes() == LARGE
        assert stat.S_IMODE(model.file.parent.stat().st_mode) == 0o700
        given.write_bytes(b"another")
        assert bytes(model.content) == LARGE
    assert list(scratch.iterdir()) == []
    assert bytes(model.content) == LARGE


def test_a_small_model_stays_in_memory(tmp_path: Path) -> None:
    given = tmp_path / "model.onnx"
    given.write_bytes(b"small")
    with read_model(str(given), str(tmp_path), SystemClock()) as model:
        assert (model.content, model.file) == (b"small", None)


def test_without_a_folder_for_it_a_large_model_stays_in_memory(tmp_path: Path) -> None:
    given = tmp_path / "model.onnx"
    given.write_bytes(LARGE)
    with read_model(str(given), str(tmp_path / "nowhere"), SystemClock()) as model:
        assert (model.content, model.file) == (LARGE, None)


@pytest.mark.parametrize("content", [b"small", LARGE])
def test_a_file_that_is_not_what_was_released_is_not_served(tmp_path: Path, content: bytes) -> None:
    given = tmp_path / "model.onnx"
    given.write_bytes(content)
    released = hashlib.sha256(content).hexdigest()
    with read_model(str(given), str(tmp_path), SystemClock(), released) as model:
        assert bytes(model.content) == content
    given.write_bytes(content[:-1] + b"!")
    with (
        pytest.raises(Corrupt, match="LD421"),
        read_model(str(given), str(tmp_path), SystemClock(), released),
    ):
        pytest.fail("it was served")


def test_a_model_file_that_is_not_there_is_named() -> None:
    with (
        pytest.raises(NotFound) as error,
        read_model("/nowhere/model.onnx", "/nowhere", SystemClock()),
    ):
        pass
    assert error.value.code == "LD423"
    assert "/nowhere/model.onnx" in str(error.value)
