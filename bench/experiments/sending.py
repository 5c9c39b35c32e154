"""Data to a store and back: Ladle, DVC and boto3 against one S3 stand-in that counts."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from adding import write_large, write_many
from peers import Dvc, Ladle
from processes import Cost, cost_of
from rows import Bar, Result, Row

HERE = Path(__file__).parent
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
BOTO3 = """
import boto3, sys
s3 = boto3.client("s3", endpoint_url=sys.argv[1], region_name="us-east-1")
s3.upload_file("data", "bench", "boto3/data")
"""
LINES, EDITED = 1_000_000, 10_000  # of 95 bytes each


@dataclass(frozen=True, slots=True)
class Moved:
    cost: Cost
    counts: Mapping[str, int]

    @property
    def sent(self) -> int:
        return self.counts.get("bytes in", 0)

    def __str__(self) -> str:
        requests = sum(n for name, n in self.counts.items() if name.isupper())
        puts, received = self.counts.get("PUT", 0), self.counts.get("bytes out", 0)
        return (
            f"{requests:,} requests ({puts:,} PUT), {self.sent:,} bytes sent, {received:,} received"
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """One stand-in, and the two who use it; both have the same data."""

    endpoint: str
    ladle: Ladle
    dvc: Dvc

    def counted(self, work: Callable[[], Cost]) -> Moved:
        self._counts()
        cost = work()
        return Moved(cost, self._counts())

    def _counts(self) -> Mapping[str, int]:
        with urllib.request.urlopen(f"{self.endpoint}/_counts") as answer:
            return dict(json.load(answer))

    def write(self, write: Callable[[Path], None]) -> None:
        """New data for both, which both have hashed."""
        for peer in (self.ladle, self.dvc):
            data = peer.folder / "data"
            shutil.rmtree(data) if data.is_dir() else data.unlink(missing_ok=True)
        write(self.ladle.folder / "data")
        copy = shutil.copytree if (self.ladle.folder / "data").is_dir() else shutil.copyfile
        copy(self.ladle.folder / "data", self.dvc.folder / "data")
        self.ladle.run("add", "data")
        self.dvc.run("add", "-q", "data")

    def push(self) -> tuple[Moved, Moved]:
        return self.counted(lambda: self._move("push")), self.counted(
            lambda: self.dvc.run("push", "-q")
        )

    def pull(self) -> tuple[Moved, Moved]:
        """Nothing is deleted before: ext4 looks long for a place among files that were just deleted."""
        ours = self.counted(lambda: self._move("pull", "pulled"))
        (self.dvc.folder / "data").rename(self.dvc.folder / "data before")
        (self.dvc.folder / ".dvc" / "cache").rename(self.dvc.folder / "cache before")
        return ours, self.counted(lambda: self.dvc.run("pull", "-q"))

    def boto3(self) -> Moved:
        command = [sys.executable, "-c", BOTO3, self.endpoint]
        return self.counted(lambda: cost_of(command, self.ladle.folder, {**os.environ, **KEYS}))

    def _move(self, what: str, *to: str) -> Cost:
        command = [sys.executable, str(HERE / "moving.py"), what, "data", self.endpoint, *to]
        return cost_of(command, self.ladle.folder, os.environ)


@contextlib.contextmanager
def bench(here: Path) -> Iterator[Bench]:
    command = [sys.executable, str(HERE / "local_s3.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            endpoint = (server.stdout or sys.stdin).readline().strip()
            dvc = Dvc.fresh(here / "dvc")
            dvc.run("remote", "add", "-q", "-d", "stand-in", "s3://bench/dvc")
            for name, value in (
                ("endpointurl", endpoint),
                ("access_key_id", "test"),
                ("secret_access_key", "test"),
                ("region", "us-east-1"),
            ):
                dvc.run("remote", "modify", "-q", "stand-in", name, value)
            yield Bench(endpoint, Ladle.fresh(here / "ladle"), dvc)
        finally:
            server.terminate()


def many_files(here: Path) -> Result:
    with bench(here) as at:
        at.write(write_many)
        ours, theirs = at.push()
        back, their_back = at.pull()
    return Result(
        {
            "ladle push": ours.cost,
            "dvc push": theirs.cost,
            "ladle pull, another machine": back.cost,
            "dvc pull": their_back.cost,
        },
        (
            Bar("push: DVC / Ladle, CPU", theirs.cost.cpu_s / ours.cost.cpu_s, 15),
            Bar("push: PUTs of Ladle", ours.counts["PUT"], 50, at_least=False),
            Bar("pull: DVC / Ladle, CPU", their_back.cost.cpu_s / back.cost.cpu_s, 12),
        ),
        (
            f"ladle push: {ours}",
            f"dvc push: {theirs}",
            f"ladle pull: {back}",
            f"dvc pull: {their_back}",
        ),
    )


def large_file(here: Path) -> Result:
    with bench(here) as at:
        at.write(write_large)
        ours, theirs = at.push()
        floor = at.boto3()
        at.write(_edit(at.ladle.folder / "data", here / "kept"))
        after, their_after = at.push()
    return Result(
        {
            "ladle push": ours.cost,
            "boto3 upload_file": floor.cost,
            "dvc push": theirs.cost,
            "ladle push after a 16-byte edit": after.cost,
            "dvc push after it": their_after.cost,
        },
        (
            Bar("Ladle / boto3, CPU", ours.cost.cpu_s / floor.cost.cpu_s, 1.1, at_least=False),
            Bar("Ladle, MB resident", ours.cost.resident_mb, 200, at_least=False),
            Bar("edit: bytes sent by Ladle", after.sent, 1_000_000, at_least=False),
        ),
        (
            f"DVC / Ladle, CPU: {theirs.cost.cpu_s / ours.cost.cpu_s:.3g}",
            f"edit: bytes sent by DVC: {their_after.sent:,}",
        ),
    )


def _edit(data: Path, kept: Path) -> Callable[[Path], None]:
    shutil.move(data, kept)

    def write(path: Path) -> None:
        shutil.move(kept, path)
        with path.open("r+b") as file:
            file.seek(512 << 20)
            file.write(b"sixteen bytes!!!")

    return write


def table(here: Path) -> Result:
    def edit(rows: list[bytes]) -> list[bytes]:
        middle = len(rows) // 2
        return [*rows[:middle], *_rows(EDITED, 2), *rows[middle + EDITED :]]

    ours, theirs = _edited_table(here, edit, b"".join)
    return Result(
        {"ladle push after the edit": ours.cost, "dvc push after it": theirs.cost},
        (Bar("DVC / Ladle, bytes sent", theirs.sent / ours.sent, 60),),
        (f"ladle push: {ours}", f"dvc push: {theirs}"),
    )


def no_gain(here: Path) -> Result:
    """What content-defined chunks cannot help with, for the record: no bar."""

    def scatter(rows: list[bytes]) -> list[bytes]:
        places = random.Random(5).sample(range(LINES), EDITED)
        for number, row in zip(places, _rows(EDITED, 6), strict=True):
            rows[number] = row
        return rows

    def first(rows: list[bytes]) -> list[bytes]:
        return [*_rows(1, 7), *rows[1:]]

    def compressed(rows: list[bytes]) -> bytes:
        return gzip.compress(b"".join(rows), 1, mtime=0)

    scattered, dvc_scattered = _edited_table(here / "scattered", scatter, b"".join)
    zipped, dvc_zipped = _edited_table(here / "zipped", first, compressed)
    return Result(
        {"ladle push, 1 % of rows, scattered": scattered.cost, "dvc push": dvc_scattered.cost},
        (),
        (
            f"1 % of rows, scattered: {scattered.sent:,} bytes sent, DVC {dvc_scattered.sent:,}",
            f"first row of a .csv.gz: {zipped.sent:,} bytes sent, DVC {dvc_zipped.sent:,}",
            "one large new file as a raw stream: see the first row of push 1 GiB",
        ),
    )


def _edited_table(
    here: Path,
    edit: Callable[[list[bytes]], list[bytes]],
    encode: Callable[[list[bytes]], bytes],
) -> tuple[Moved, Moved]:
    rows = _rows(LINES, 1)
    with bench(here) as at:
        at.write(lambda path: _write(path, encode(rows)))
        at.push()
        at.write(lambda path: _write(path, encode(edit(rows))))
        return at.push()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _rows(count: int, seed: int) -> list[bytes]:
    digits = random.Random(seed)
    return [
        b"%047d,%046d\n" % (digits.getrandbits(150), digits.getrandbits(150)) for _ in range(count)
    ]


ROWS = (
    Row("first push and pull, 20,000 × 20 KiB", many_files),
    Row("push 1 GiB, and after a 16-byte edit", large_file),
    Row("95 MB CSV, 1 % of rows together", table),
    Row("where nothing is gained", no_gain),
)
