"""What a fresh process costs until its first right answer, beside bare onnxruntime: CPU, wall, memory.

Bare is the least that any server of the model does: import onnxruntime, load the model (from its
path, or from bytes that one plain GET brought), run it, give the numbers back. Ours validates,
checks the model's hash, names the prediction and writes its line. Both run the same way: as a plain
process, and under Lambda's own client (awslambdaric). CPU is the kernel's count of every thread up
to the answer; memory the highest resident size. Runs of both alternate.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "serving")]

from _transformer import WORDS, transformer  # noqa: E402
from models import MODELS  # noqa: E402

from ladle.testing.runtime_api import RuntimeApi  # noqa: E402

BARE = """
import json, os
import numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
model = os.environ.get("LADLE_MODEL_FILE")
if model is None:
    from http.client import HTTPConnection
    from urllib.parse import urlsplit
    at = urlsplit(os.environ["MODEL_URL"])
    connection = HTTPConnection(at.netloc)
    connection.request("GET", at.path)
    model = connection.getresponse().read()
session = onnxruntime.InferenceSession(model, options)
(given,) = session.get_inputs()
DTYPES = {"tensor(float)": numpy.float32, "tensor(int64)": numpy.int64}
def handle(event, context):
    rows = numpy.asarray(event["inputs"], DTYPES[given.type])
    return {"predictions": [{"y": y} for y in session.run(None, {given.name: rows})[0].tolist()]}
"""
PLAIN = """
import importlib, json, sys
module, _, name = sys.argv[1].rpartition(".")
handle = getattr(importlib.import_module(module), name)
event = json.loads(sys.stdin.readline())
print("\\nanswer", json.dumps(handle(event, None)), flush=True)
sys.stdin.readline()
"""
OURS = "ladle_runtime.serving.lambda_entry.handle"
SPEC = {"type": "generic", "backend": "onnx", "key": "$.y", "window_s": 60, "threads": 1}
KINDS = {
    "2 MB": MODELS["mlp"].make,
    "90 MB": lambda: transformer(30_522, 384, 6, 12),
    "500 MB": lambda: transformer(24_000, 1024, 8, 16),
}


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_ms: float
    wall_ms: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Case:
    """A model in a file, one request of it, and the right answer."""

    path: Path
    event: dict[str, Any]
    right: np.ndarray[Any, Any]


def make_case(path: Path, content: bytes) -> Case:
    path.write_bytes(content)
    session = onnxruntime.InferenceSession(str(path))
    random = np.random.default_rng(3)
    if session.get_inputs()[0].name == "ids":
        row = random.integers(0, 20_000, (1, WORDS))
    else:
        row = random.standard_normal((1, 784)).astype(np.float32)
    right = session.run(None, {session.get_inputs()[0].name: row})[0]
    return Case(path, {"inputs": row.tolist()}, right)


def cost_of(pid: int, begun: float) -> Cost:
    wall_s = time.perf_counter() - begun
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    cpu_ns = sum(int(task.read_text().split()[0]) for task in tasks)
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return Cost(cpu_ns / 1e6, wall_s * 1e3, int(status["VmHWM"].split()[0]) / 1024)


def plain(handler: str, case: Case, told: dict[str, str]) -> Cost:
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", PLAIN, handler],
        env=told,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        child.stdin.write(json.dumps(case.event) + "\n")
        child.stdin.flush()
        said = next((line for line in child.stdout if line.startswith("answer ")), "answer {}")
        cost = cost_of(child.pid, begun)
        check(json.loads(said.removeprefix("answer ")), case)
        return cost
    finally:
        end(child)


def on_lambda(handler: str, case: Case, told: dict[str, str]) -> Cost:
    with RuntimeApi() as api:
        api.send(json.dumps(case.event).encode())
        begun = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            env={**told, **api.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            answered = api.answer()
            cost = cost_of(child.pid, begun)
            check(answered.payload, case)
            return cost
        finally:
            end(child)


def end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            pipe.close()


def check(answer: Any, case: Case) -> None:
    got = [row["y"] for row in answer["predictions"]]
    np.testing.assert_allclose(got, case.right, rtol=1e-4, atol=1e-5)


@contextmanager
def store(path: Path) -> Iterator[str]:
    """One object, as S3 gives it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                self.send_response(200)
                self.send_header("Content-Length", str(size))
                self.end_headers()
                self.wfile.flush()
                self.connection.sendfile(stream)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def environment(folder: Path, case: Case, endpoint: str | None) -> dict[str, str]:
    told = {
        "PATH": os.defpath,
        "PYTHONPATH": str(folder),
        "ORT_DISABLE_TELEMETRY": "1",
        "LADLE_MODEL": "bench",
        "LADLE_SPEC": json.dumps(SPEC),
        "LADLE_LOG_KEY": "00" * 32,
    }
    if endpoint is None:
        return {**told, "LADLE_MODEL_FILE": str(case.path)}
    return {
        **told,
        "MODEL_URL": f"{endpoint}/bucket/key",
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "LADLE_BUNDLE_BUCKET": "bucket",
        "LADLE_BUNDLE_KEY": "key",
        "LADLE_BUNDLE_VERSION": "1",
        "LADLE_BUNDLE_SHA256": hashlib.sha256(case.path.read_bytes()).hexdigest(),
    }


Way = Callable[[str, Case, dict[str, str]], Cost]


def compare(way: Way, case: Case, told: dict[str, str], runs: int) -> tuple[Cost, Cost]:
    """Medians of ours and of bare, after one run of each that warms the caches."""
    found: dict[str, list[Cost]] = {OURS: [], "bare.handle": []}
    for _ in range(runs + 1):
        for handler, costs in found.items():
            costs.append(way(handler, case, told))
    ours, bare = (median(costs[1:]) for costs in found.values())
    return ours, bare


def median(costs: Sequence[Cost]) -> Cost:
    of = statistics.median
    return Cost(
        of(c.cpu_ms for c in costs), of(c.wall_ms for c in costs), of(c.peak_mb for c in costs)
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--models", nargs="*", choices=list(KINDS), default=list(KINDS))
    options = parser.parse_args()
    ways: dict[str, Way] = {"plain": plain, "awslambdaric": on_lambda}
    print(f"medians of {options.runs} alternating runs: ours / bare = ratio")
    print(f"{'model':8}{'how':14}{'model from':12}{'CPU ms':>22}{'wall ms':>22}{'peak MB':>22}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bare.py").write_text(BARE)
        for kind in options.models:
            case = make_case(folder / "model.onnx", KINDS[kind]())
            with store(case.path) as endpoint:
                for how, way in ways.items():
                    for at in (None, endpoint):
                        told = environment(folder, case, at)
                        pair = compare(way, case, told, options.runs)
                        print(f"{kind:8}{how:14}{'fetch' if at else 'file':12}{row(*pair)}")


def row(ours: Cost, bare: Cost) -> str:
    pairs = (
        (ours.cpu_ms, bare.cpu_ms),
        (ours.wall_ms, bare.wall_ms),
        (ours.peak_mb, bare.peak_mb),
    )
    return "".join(f"{f'{a:.0f} / {b:.0f} = {a / b:.2f}':>22}" for a, b in pairs)


if __name__ == "__main__":
    main()
