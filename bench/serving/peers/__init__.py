"""The servers that ours is measured against: each a file, each a row of ``PEERS``."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
OURS, THEIRS = ROOT / ".venv" / "bin", ROOT / ".venv-bench-serving" / "bin"


def install() -> None:
    """The peers' own environment, from the lock that only this benchmark uses."""
    if (THEIRS / "mosec").exists():
        return
    print("installing the peers, once …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", THEIRS.parent], check=True)
    lock = ROOT / "locks" / "bench-serving.txt"
    pip = [THEIRS / "python", "-m", "pip", "install", "--quiet", "--require-hashes"]
    subprocess.run([*pip, "-r", lock], check=True)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a server is started with; ``folder`` is its own and empty."""

    model_file: Path
    shape: tuple[int, ...]
    port: int
    folder: Path


Command = Callable[[Setup], list[str]]
Read = Callable[[bytes], np.ndarray]


@dataclass(frozen=True, slots=True)
class Peer:
    """``form`` is ``json`` or ``raw``; ``path`` is where a prediction is asked for."""

    name: str
    form: str
    path: str
    command: Command
    environment: Callable[[Setup], Mapping[str, str]]
    batches: bool = True


def request(peer: Peer, row: np.ndarray) -> bytes:
    """One row, numbers written as json.dumps does: up to 17 digits, as clients send them."""
    headers = ["host: 127.0.0.1"]
    if peer.form == "raw":
        body = row.tobytes()
        shape = ",".join(map(str, row.shape))
        kind = "application/octet-stream"
        headers += [f"ladle-shape: {shape}", f"accept: {kind}"]
    else:
        kind = "application/json"
        asked: object = {"inputs": row.tolist()}
        if peer.form == "v2":
            tensor = {"name": "x", "shape": row.shape, "datatype": "FP32"}
            asked = {"inputs": [{**tensor, "data": row.ravel().tolist()}]}
        body = json.dumps(asked).encode()
    headers += [f"content-type: {kind}", f"content-length: {len(body)}"]
    head = "".join(f"{line}\r\n" for line in [f"POST {peer.path} HTTP/1.1", *headers])
    return head.encode() + b"\r\n" + body


def answered(body: bytes, form: str) -> np.ndarray:
    """The ten numbers, wherever this peer puts them."""
    if form == "raw":
        return np.frombuffer(body, np.float32)
    found = json.loads(body)
    if isinstance(found, list):
        return np.array(found).ravel()
    if "outputs" in found:
        return np.array(found["outputs"][0]["data"])
    first = found["predictions"][0]
    return np.array(first["y"] if isinstance(first, dict) else first).ravel()


def _plain(setup: Setup, form: str) -> dict[str, str]:
    return {
        "BENCH_FORM": form,
        "BENCH_MODEL": str(setup.model_file),
        "BENCH_PORT": str(setup.port),
        "BENCH_SHAPE": ",".join(map(str, setup.shape)),
    }


def _file(python: Path, name: str) -> Command:
    return lambda _: [str(python / "python"), str(HERE / name)]


def _ladle(setup: Setup) -> list[str]:
    module = "ladle_runtime.serving.server_entry"
    return [str(OURS / "python"), "-m", module, "--port", str(setup.port)]


def _ladle_environment(setup: Setup) -> dict[str, str]:
    """Every duty on: a line of log for each request, an id for each row, labels counted."""
    spec = {"type": "classification", "backend": "onnx", "key": "$.label", "window_s": 60}
    return {
        "LADLE_MODEL": "bench",
        "LADLE_MODEL_FILE": str(setup.model_file),
        "LADLE_SPEC": json.dumps({**spec, "threads": 1}),
        "LADLE_LOG_KEY": bytes(range(32)).hex(),
    }


def _bentoml(setup: Setup) -> list[str]:
    serve = [str(THEIRS / "python"), "-m", "bentoml", "serve", "peers._bentoml:Model"]
    return [*serve, "--port", str(setup.port), "--host", "127.0.0.1"]


def _mlserver(setup: Setup) -> list[str]:
    from ladle.tools.processes import free_port  # the peers, which load this file, have no Ladle

    ports = {"http_port": setup.port, "grpc_port": free_port(), "metrics_port": free_port()}
    server = {**ports, "host": "127.0.0.1", "debug": False, "parallel_workers": 0}
    model = {"name": "bench", "implementation": "peers._mlserver.Model"}
    batching = {"max_batch_size": 64, "max_batch_time": 0.001}
    (setup.folder / "settings.json").write_text(
        json.dumps({**server, "use_structured_logging": False})
    )
    (setup.folder / "model-settings.json").write_text(json.dumps({**model, **batching}))
    return [str(THEIRS / "mlserver"), "start", str(setup.folder)]


def _of(form: str) -> Callable[[Setup], Mapping[str, str]]:
    return lambda setup: _plain(setup, form)


LADLE = Peer("ladle", "json", "/predict", _ladle, _ladle_environment)
PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        LADLE,
        Peer("ladle raw", "raw", "/predict", _ladle, _ladle_environment),
        Peer("bare", "json", "/", _file(OURS, "_bare.py"), _of("json")),
        Peer("bare raw", "raw", "/", _file(OURS, "_bare.py"), _of("raw")),
        Peer("mosec orjson", "json", "/inference", _file(THEIRS, "_mosec.py"), _of("json")),
        Peer("mosec raw", "raw", "/inference", _file(THEIRS, "_mosec.py"), _of("raw")),
        Peer("mlserver", "v2", "/v2/models/bench/infer", _mlserver, _of("v2")),
        Peer("bentoml", "json", "/predict", _bentoml, _of("json")),
        Peer("fastapi sync", "json", "/predict", _file(OURS, "_fastapi.py"), _of("json"), False),
    )
}
