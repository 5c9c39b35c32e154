"""The first program of a training job: what was sent is put in place, then the recorded command runs.

It is sent as it is and knows the standard library only, since Ladle is among what it installs. What it
leaves in ``output/data/run`` is a run's folder of ``.ladle/outbox``, with a copy of all that was named.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from types import FrameType
from typing import Any

_NOT_RUN = 127
_SIGNALLED = 128
_REASON_CHARACTERS = 1000  # SageMaker shows the first 1,024


def main(base: Path) -> int:
    """``base`` is ``/opt/ml``. The exit status is the command's."""
    given, run = base / "input" / "data", base / "output" / "data" / "run"
    job = json.loads((given / "job" / "job.json").read_text())
    run.mkdir(parents=True)
    (run / "model").write_text(job["model"])
    place = base / "ladle"
    for channel in ("code", "data"):
        for archive in sorted((given / channel).glob("*.tar.gz")):
            with tarfile.open(archive) as files:
                files.extractall(place, filter="data")
    problem = _install(next((given / "wheel").glob("*.whl")), job["version"])
    status = _NOT_RUN if problem else _run(job, place, run)
    if not problem:
        _carry(run)
    (run / "status.json").write_text(json.dumps({"status": status, "problem": problem}))
    if status:
        reason = problem or f"the command ended with {status}"
        (base / "output" / "failure").write_text(reason[:_REASON_CHARACTERS])
    return status


def _install(wheel: Path, version: str) -> str | None:
    """What went wrong. An image with this very version keeps its own, and needs no package index."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        if importlib.metadata.version("ladle") == version:
            return None
    words = [sys.executable, "-m", "pip", "install", "--quiet", f"{wheel}[onnx]"]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    sys.stderr.write(done.stderr)
    tail = done.stderr.strip().rpartition("\n")[2]
    return f"Ladle could not be installed in the image: {tail}" if done.returncode else None


def _run(job: dict[str, Any], place: Path, run: Path) -> int:
    """Both streams are shown as one and kept; SIGTERM, by which SageMaker stops a job, is passed on."""
    environment = {"PYTHONUNBUFFERED": "1", **os.environ, "LADLE_RUN": str(run)}
    if "@sha256:" in job["image"]:
        environment["LADLE_IMAGE"] = job["image"]
    try:
        process = subprocess.Popen(
            job["argv"],
            cwd=place / job["folder"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        sys.stderr.write(f"{job['argv'][0]} cannot be run: {error.strerror}\n")
        return _NOT_RUN

    def passed_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = signal.signal(signal.SIGTERM, passed_on)
    with process, (run / "log").open("wb") as kept:
        while process.stdout and (chunk := os.read(process.stdout.fileno(), 1 << 16)):
            kept.write(chunk)
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
    signal.signal(signal.SIGTERM, before)
    return process.returncode if process.returncode >= 0 else _SIGNALLED - process.returncode


def _carry(run: Path) -> None:
    """Every file and folder that the script named comes along, and ``inner.json`` says where it is."""
    if not (run / "inner.json").exists():
        return
    draft = json.loads((run / "inner.json").read_text())
    for nth, (name, source) in enumerate(draft["sources"].items()):
        carried = run / "files" / str(nth)
        carried.parent.mkdir(exist_ok=True)
        if Path(source).is_dir():
            shutil.copytree(source, carried, symlinks=True)
        else:
            shutil.copy2(source, carried)
        draft["sources"][name] = f"files/{nth}"
    (run / "inner.json").write_text(json.dumps(draft))


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[3]))
