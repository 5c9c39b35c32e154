"""A signature is remembered by the model's bytes, and nothing that failed is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ladle.errors import LadleError
from ladle.experiments.manifest import Signature, TensorSpec
from ladle.tools.known_signatures import known_signature

SIGNATURE = Signature((TensorSpec("x", "float", (None, 4)),), (TensorSpec("y", "int64", (None,)),))


class Reader:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, path: Path) -> Signature:
        self.asked += 1
        if path.read_bytes() == b"hostile":
            raise LadleError("LD320", "it is not a model", "name another file")
        return SIGNATURE


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"a model")
    return path


def test_a_model_is_read_once_wherever_it_lies(tmp_path: Path, model: Path) -> None:
    reader, kept = Reader(), tmp_path / "kept"
    assert known_signature(model, kept, reader) == SIGNATURE
    copied = tmp_path / "copy.onnx"
    copied.write_bytes(model.read_bytes())
    assert known_signature(copied, kept, reader) == SIGNATURE
    assert reader.asked == 1


def test_another_model_is_read_anew(tmp_path: Path, model: Path) -> None:
    reader, kept = Reader(), tmp_path / "kept"
    known_signature(model, kept, reader)
    model.write_bytes(b"another model")
    known_signature(model, kept, reader)
    assert reader.asked == 2


def test_what_was_kept_and_broke_is_read_anew(tmp_path: Path, model: Path) -> None:
    reader, kept = Reader(), tmp_path / "kept"
    known_signature(model, kept, reader)
    for file in kept.iterdir():
        file.write_text('{"inputs": 7}')
    assert known_signature(model, kept, reader) == SIGNATURE
    assert reader.asked == 2


def test_a_refusal_is_asked_for_each_time(tmp_path: Path, model: Path) -> None:
    reader, kept = Reader(), tmp_path / "kept"
    model.write_bytes(b"hostile")
    for _ in range(2):
        with pytest.raises(LadleError, match="LD320"):
            known_signature(model, kept, reader)
    assert reader.asked == 2
