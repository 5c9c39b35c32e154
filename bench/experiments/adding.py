"""Taking data in, and telling that nothing changed: Ladle, DVC, and hashing alone."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from peers import Dvc, Ladle
from processes import Cost, cost_of, median
from rows import Bar, Result, Row

RUNS = 3
GIB = 1 << 30
FILES, FILE_BYTES, FOLDERS = 20_000, 20 << 10, 20
HASHING = """
import hashlib
print(hashlib.file_digest(open("data", "rb"), "sha256").hexdigest())
"""
PIN = """
import json
from pathlib import Path
from ladle.actions.snapshot_data import snapshot_data
from ladle.disk.silent import SILENT
from ladle.experiments.manifest import Code, DataInput, Environment, Manifest, RecordedExperiment
from ladle.wiring import open_index
seen = snapshot_data(Path("data"), open_index(Path()).files, SILENT)
data = DataInput("data", seen.digest, seen.bytes, kind=seen.kind, files=seen.files)
code, environment = Code(None, False, None, ()), Environment("3", "linux", "sha256:" + "0" * 64)
made = Manifest(
    "bench", "succeeded", "2026-01-01T00:00:00Z", "bench", None, (data,), code, {}, environment, {}, None
)
pinned = json.dumps(RecordedExperiment(made, {}, 1).to_json())
Path("model_packages/bench/pinned.json").write_text(pinned)
"""


def write_large(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(GIB // 64))


def write_many(folder: Path) -> None:
    for number in range(FILES):
        inner = folder / f"{number % FOLDERS:02}"
        inner.mkdir(parents=True, exist_ok=True)
        (inner / f"{number:05}.bin").write_bytes(os.urandom(FILE_BYTES))


def just_written(peer: Ladle | Dvc, write: Callable[[Path], None]) -> None:
    """As data is when it is added: most of it not on the disk yet."""
    peer.forget()
    data = peer.folder / "data"
    shutil.rmtree(data) if data.is_dir() else data.unlink(missing_ok=True)
    write(data)
    time.sleep(0.1)  # what was written this very moment would be hashed again, as it must be


def adding(here: Path, write: Callable[[Path], None]) -> dict[str, Cost]:
    ladle, dvc = Ladle.fresh(here / "ladle"), Dvc.fresh(here / "dvc")
    with_ladle, with_dvc = partial(ladle.run, "add", "data"), partial(dvc.run, "add", "-q", "data")
    return {
        "ladle add, just written": median(RUNS, lambda: just_written(ladle, write), with_ladle),
        "ladle add, at rest": median(RUNS, ladle.forget, with_ladle),
        "dvc add, just written": median(RUNS, lambda: just_written(dvc, write), with_dvc),
        "dvc add, at rest": median(RUNS, dvc.forget, with_dvc),
    }


def add_large(here: Path) -> Result:
    costs = adding(here, write_large)
    hashing = partial(cost_of, [sys.executable, "-c", HASHING], here / "ladle", os.environ)
    costs["hashlib alone, at rest"] = median(RUNS, lambda: None, hashing)
    new, old, dvc_new, dvc_old, floor = costs.values()
    return Result(
        costs,
        (
            Bar("DVC / Ladle, CPU, just written", dvc_new.cpu_s / new.cpu_s, 5),
            Bar(
                "Ladle / hashing alone, CPU, at rest", old.cpu_s / floor.cpu_s, 1.5, at_least=False
            ),
        ),
        (
            f"DVC / Ladle, CPU, at rest: {dvc_old.cpu_s / old.cpu_s:.3g}",
            f"DVC / hashing alone, CPU, at rest: {dvc_old.cpu_s / floor.cpu_s:.3g}: no tool's can be more",
        ),
    )


def add_many(here: Path) -> Result:
    costs = adding(here, write_many)
    new, old, dvc_new, dvc_old = costs.values()
    return Result(
        costs,
        (Bar("DVC / Ladle, CPU, just written", dvc_new.cpu_s / new.cpu_s, 10),),
        (f"DVC / Ladle, CPU, at rest: {dvc_old.cpu_s / old.cpu_s:.3g}",),
    )


def status(here: Path) -> Result:
    ladle, dvc = Ladle.fresh(here / "ladle"), Dvc.fresh(here / "dvc")
    for peer in (ladle, dvc):
        just_written(peer, write_many)
    cost_of([sys.executable, "-c", PIN], ladle.folder, os.environ)
    dvc.run("add", "-q", "data")
    costs = {
        "ladle diff MODEL": median(RUNS, lambda: None, partial(ladle.run, "diff", "bench")),
        "dvc status": median(RUNS, lambda: None, partial(dvc.run, "status", "-q")),
    }
    took, dvc_took = costs.values()
    return Result(
        costs,
        (
            Bar("DVC / Ladle, CPU", dvc_took.cpu_s / took.cpu_s, 4),
            Bar("Ladle, CPU seconds", took.cpu_s, 0.35, at_least=False),
        ),
    )


ROWS = (
    Row("add 1 GiB random", add_large),
    Row("add 20,000 × 20 KiB", add_many),
    Row("status, nothing changed, 20,000 files", status),
)
