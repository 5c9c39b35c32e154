"""A model file is opened only in a child that can do no harm and is killed after ten seconds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ladle.errors import LadleError, NotFound
from ladle.experiments.graph import GraphSummary
from ladle.experiments.manifest import Signature
from ladle.experiments.optimised import MOST_CHARACTERS, OptimisedGraph
from ladle.experiments.predict_code import read_predict_code
from ladle.ports import ModelFacts
from ladle.tools import onnx_optimiser, onnx_reader

SECONDS = 8.0  # for the file; starting the reader takes about one more
START_SECONDS = 60.0  # importing onnxruntime, which no file can prolong
MAX_BYTES = 2 << 30  # protobuf takes no more
_MAX_ANSWER_BYTES = 1 << 20
_LOOKED_AT_BYTES = 64
_MAX_ARGUMENT = 100_000  # characters; Linux takes a few more

# How files begin that are given as models and are none: code, what it is, how to mend it.
_STARTS: tuple[tuple[bytes, str, str, str], ...] = (
    (
        b"version https://git-lfs.github.com/spec/",
        "LD322",
        "is a pointer of Git LFS, not a model",
        "run git lfs pull",
    ),
    *(
        (
            bytes([0x80, protocol]),
            "LD321",
            "is a pickle: it can run code when it is opened, so it is never opened",
            "export it where it is trained: ladle.to_onnx(model, rows)",
        )
        for protocol in range(2, 6)
    ),
    (
        b"PK\x03\x04",
        "LD329",
        "is a zip archive (PyTorch, Keras, NumPy), not an ONNX file",
        "export the model to ONNX and record that file",
    ),
    (
        b"\x89HDF",
        "LD329",
        "is an HDF5 file (Keras), not an ONNX file",
        "export the model to ONNX and record that file",
    ),
)
_FIXES = {
    "LD320": "export the model again; compare its size with the one that the training wrote",
    "LD323": "save it in one file: onnx.save_model(model, path, save_as_external_data=False)",
    "LD324": "export it without functions and open loops, or with a fixed number of rounds",
    "LD325": "export it with the standard operators (ai.onnx, ai.onnx.ml)",
    "LD326": "export it again with an opset that onnxruntime knows",
    "LD334": "put a Cast to float (or another type that JSON has) at that edge of the graph",
    "LD339": 'write a JSON list of input names: ["X"]; or leave it out',
    "LD327": "export a smaller model; a model that cannot be read in time cannot start in time",
}


class ModelJail:
    """ModelInspector in a process of its own: limits, a session of its own, no inherited secrets."""

    def __init__(self, seconds: float = SECONDS, golden: Sequence[Any] = ()) -> None:
        """``golden`` are inputs of golden requests, which an optimised graph is tried with."""
        self._seconds = seconds
        self._golden = golden

    def inspect(self, path: Path) -> ModelFacts:
        if path.suffix == ".py" and path.is_file():  # is read, and not run
            return ModelFacts("python", read_predict_code(path.read_bytes()).signature)
        size = _looked_at(path)
        answer = self._answer(onnx_reader, path, str(size))
        if "missing" in answer:
            raise LadleError(
                "LD328",
                f"{path.name} cannot be read here: Python package {answer['missing']} is missing",
                "pip install 'ladle[onnx]'",
            )
        if "refused" in answer:
            code, why = answer["refused"]
            raise LadleError(code, f"{path.name} is refused: {why}", _FIXES[code])
        return ModelFacts(
            answer["format"],
            Signature.from_json(answer),
            answer["opset"],
            GraphSummary.from_json(answer["graph"]),
        )

    def optimise(self, path: Path) -> OptimisedGraph | None:
        if path.suffix == ".py":
            return None
        try:
            size, golden = str(path.stat().st_size), _as_argument(self._golden)
            made = self._answer(onnx_optimiser, path, size, golden)
            found = OptimisedGraph(**made) if made else None
        except (LadleError, OSError, TypeError):  # too slow, too large: it is served as it is
            return None
        return found if found and len(found.graph) <= MOST_CHARACTERS else None

    def _answer(self, reader: ModuleType, path: Path, *told: str) -> Mapping[str, Any]:
        with path.open("rb") as model, _reader(reader, told) as child:
            started = _line(child, START_SECONDS)
            if started != b'"ready"\n':
                return _parsed(path, child, started, START_SECONDS)
            feeding = threading.Thread(target=_feed, args=(child, model), daemon=True)
            feeding.start()
            return _parsed(path, child, _line(child, self._seconds), self._seconds)


def _as_argument(golden: Sequence[Any]) -> str:
    """As many as have room, from the first on."""
    kept = list(golden)
    while len(written := json.dumps(kept)) > _MAX_ARGUMENT:
        kept.pop()
    return written


def _looked_at(path: Path) -> int:
    """The size of what is a plain file and may be a model, by its first bytes."""
    try:
        about = path.stat()
    except FileNotFoundError as error:
        raise NotFound("LD305", f"there is no file {path}", "mend the path") from error
    if not stat.S_ISREG(about.st_mode):
        raise LadleError("LD320", f"{path.name} is not a plain file", "name the model's file")
    with path.open("rb") as stream:
        start = stream.read(_LOOKED_AT_BYTES)
    for beginning, code, what, fix in _STARTS:
        if start.startswith(beginning):
            raise LadleError(code, f"{path.name} {what}", fix)
    if not start:
        raise LadleError("LD320", f"{path.name} is empty", _FIXES["LD320"])
    if about.st_size > MAX_BYTES:
        raise LadleError("LD327", f"{path.name} is larger than 2 GiB", _FIXES["LD327"])
    return about.st_size


@contextlib.contextmanager
def _reader(reader: ModuleType, told: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """The child, isolated from the environment and the import path; dead when the block ends."""
    child = subprocess.Popen(
        [sys.executable, "-I", str(reader.__file__), *told],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "ORT_DISABLE_TELEMETRY": "1"},
        start_new_session=True,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


def _feed(child: subprocess.Popen[bytes], model: Any) -> None:
    with contextlib.suppress(OSError, ValueError):  # the child is gone: its answer says why
        while chunk := model.read(1 << 20):
            child.stdin.write(chunk)  # type: ignore[union-attr]
        child.stdin.close()  # type: ignore[union-attr]


def _line(child: subprocess.Popen[bytes], seconds: float) -> bytes | None:
    """One line of the child's answer; b"" when it died, None when it took too long."""
    timer = threading.Timer(seconds, child.kill)
    timer.start()
    try:
        line: bytes = child.stdout.readline(_MAX_ANSWER_BYTES)  # type: ignore[union-attr]
    finally:
        in_time = timer.is_alive()
        timer.cancel()
    return line if line or in_time else None


def _parsed(
    path: Path, child: subprocess.Popen[bytes], line: bytes | None, seconds: float
) -> Mapping[str, Any]:
    if line:
        with contextlib.suppress(ValueError):  # cut off in the middle
            answer: Mapping[str, Any] = json.loads(line)
            return answer
    if line is None:
        why = f"reading it did not end within {seconds:g} s"
    else:
        code = child.wait()
        name = signal.Signals(-code).name if code < 0 else f"status {code}"
        why = f"reading it ended its reader ({name}): it is damaged, or needs too much of something"
    raise LadleError("LD327", f"{path.name} is refused: {why}", _FIXES["LD327"])
