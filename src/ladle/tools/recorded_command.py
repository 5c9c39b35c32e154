"""A command run as a person runs it, with its output kept; an inner ``ladle.record`` joins its run.

``LADLE_RUN`` names the folder in which the two meet: the inner one leaves its draft there.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, BinaryIO

from ladle.errors import ExitCode, LadleError
from ladle.experiments.draft import Draft

_VARIABLE = "LADLE_RUN"
_INNER = "inner.json"
_PATIENCE_S = 10.0  # for a command to end by itself after Ctrl-C, which reaches it too
_SIGNALLED = 128
_LONGEST_LINE_BYTES = 1 << 16


def joined_run(model: str) -> Path | None:
    """The folder of the ``ladle record`` that this process runs under.

    Raises LD332 when that one records another model, LD308 when it has its experiment already.
    """
    named = os.environ.get(_VARIABLE)
    if not named:
        return None
    folder = Path(named)
    outer = (folder / "model").read_text()
    if outer != model:
        raise LadleError(
            "LD332",
            f"this run was started to record {outer}, the script records {model}",
            f"start it as: ladle record {model} -- …",
        )
    if (folder / _INNER).exists():
        raise LadleError(
            "LD308",
            "this run recorded an experiment already: ladle record makes one of each command",
            "run the script by itself, without ladle record, to make several",
        )
    return folder


def leave_draft(folder: Path, draft: Draft) -> None:
    """For the outer ``ladle record``, which adds the log and sends."""
    (folder / _INNER).write_text(json.dumps(draft.to_json()))


def read_draft(folder: Path) -> Draft | None:
    path = folder / _INNER
    if not path.exists():
        return None
    return Draft.from_json(folder.name, json.loads(path.read_text()))


def run_recorded(
    model: str,
    argv: Sequence[str],
    folder: Path,
    log: Path,
    cwd: Path | None = None,
    shown: BinaryIO | None = None,
) -> int:
    """Streams the command's output through and into ``log``; its exit code, 130 after Ctrl-C.

    ``shown`` takes both of its streams, instead of ours of the same name.
    """
    (folder / "model").write_text(model)
    environment = {"PYTHONUNBUFFERED": "1", **os.environ, _VARIABLE: str(folder)}
    try:
        process = subprocess.Popen(
            list(argv), cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise LadleError(
            "LD330",
            f"{argv[0]} cannot be run: {error.strerror}",
            "check the command after --",
        ) from error
    with log.open("ab") as kept, process:
        pumps = [
            threading.Thread(target=_pump, args=(source, to, kept))
            for source, to in (
                (process.stdout, shown or sys.stdout.buffer),
                (process.stderr, shown or sys.stderr.buffer),
            )
        ]
        for pump in pumps:
            pump.start()
        status = _wait(process)
        for pump in pumps:
            pump.join()
    return status


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        status = process.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(_PATIENCE_S)
        process.kill()
        process.wait()
        return int(ExitCode.INTERRUPTED)
    return status if status >= 0 else _SIGNALLED - status


def _pump(source: IO[bytes] | None, shown: BinaryIO, kept: BinaryIO) -> None:
    """Shown as it comes; kept by whole lines, so that two streams do not meet within one."""
    rest = b""
    while chunk := os.read(source.fileno(), 1 << 16) if source else b"":
        shown.write(chunk)
        shown.flush()
        lines, newline, rest = (rest + chunk).rpartition(b"\n")
        kept.write(lines + newline)
        if len(rest) > _LONGEST_LINE_BYTES:  # a progress bar may never end its line
            kept.write(rest)
            rest = b""
    kept.write(rest)
