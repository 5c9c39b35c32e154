"""What ``capture`` costs an answered request: CPU of one process, without a socket.

The same service with nothing captured, with its input and output kept, and with both hashed. Rounds
alternate, medians are printed; lines go nowhere.

    scripts/bench capture [ROUNDS]
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "serving"))

from models import MODELS, Model, rows  # noqa: E402

from ladle.disk.clock import SystemClock  # noqa: E402
from ladle_runtime.serving.codecs.formats import REST  # noqa: E402
from ladle_runtime.serving.events import DirectLog  # noqa: E402
from ladle_runtime.serving.service import Service, load_service  # noqa: E402
from ladle_runtime.serving.settings import Settings  # noqa: E402

REQUESTS = 2_000
CASES = (("tiny", 1), ("tiny", 16), ("mlp", 1))
SPEC = {"type": "regression", "backend": "onnx", "key": "$.label", "window_s": 60, "threads": 1}
ASKED: Mapping[str, Mapping[str, str]] = {
    "off": {},
    "kept": {"x": "keep", "label": "keep"},
    "hashed": {"x": "hash", "label": "hash"},
}


def service_of(model: Model, classify: Mapping[str, str], folder: Path) -> Service:
    file = folder / f"{model.name}.onnx"
    file.write_bytes(model.make())
    told = {
        "LADLE_MODEL": model.name,
        "LADLE_MODEL_FILE": str(file),
        "LADLE_RELEASE": "7",
        "LADLE_LOG_KEY": "00" * 32,
        "LADLE_SPEC": json.dumps({**SPEC, "capture": classify} if classify else SPEC),
    }
    settings = Settings.from_environment(told)
    return load_service(settings, SystemClock(), DirectLog(settings.log_key))


def request_us(service: Service, body: bytes) -> float:
    begun = time.process_time()
    for _ in range(REQUESTS):
        service.answer(body, REST)
    return (time.process_time() - begun) / REQUESTS * 1e6


def measured(model: Model, count: int, folder: Path, rounds: int) -> Mapping[str, float]:
    services = {name: service_of(model, asked, folder) for name, asked in ASKED.items()}
    body = json.dumps({"inputs": rows(model, count).tolist()}).encode()
    found: dict[str, list[float]] = {name: [] for name in services}
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        for _ in range(rounds):
            for name, service in services.items():
                found[name].append(request_us(service, body))
    return {name: statistics.median(each) for name, each in found.items()}


def main(rounds: int) -> None:
    print(f"{'CPU µs a request':24}" + "".join(f"{name:>18}" for name in ASKED))
    for name, count in CASES:
        model = MODELS[name]
        with tempfile.TemporaryDirectory() as folder:
            found = measured(model, count, Path(folder), rounds)
        told = "".join(f"{us:10.1f} × {us / found['off']:4.2f} " for us in found.values())
        print(f"{f'{name}, {count} rows of {model.shape[0]}':24}{told}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
