"""CPU of one warm Lambda event of the tiny model, from the event to the answer that leaves.

Beside it a handler that only reads, runs and answers, and the usual one: FastAPI behind Mangum. Ours
stands there twice: with its duties (a drawn prediction id, the line with its MAC written to stdout)
and without. Reading, checking against the signature and naming the outcome are in both. Each is a
process of its own; rounds alternate, medians are printed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "serving"))

Handler = Callable[[Any, Any], Any]
CALLS = 3_000
ROUNDS = 7
SPEC = {"type": "generic", "backend": "onnx", "key": "$.y", "window_s": 60, "threads": 1}


def event() -> dict[str, Any]:
    """As an HTTP API sends it."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/predict",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "accept": "*/*", "host": "a.example"},
        "requestContext": {
            "http": {
                "method": "POST",
                "path": "/predict",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "bench",
            },
            "stage": "$default",
            "requestId": "id",
        },
        "body": json.dumps({"inputs": [[0.1, 0.2, 0.3, 0.4]]}),
        "isBase64Encoded": False,
    }


def _session(model: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options)


def bare(model: str) -> Handler:
    import numpy as np
    import orjson

    session = _session(model)

    def handle(event: Any, _context: Any) -> Any:
        rows = np.asarray(orjson.loads(event["body"])["inputs"], np.float32)
        (y,) = session.run(None, {"x": rows})
        body = orjson.dumps({"predictions": [{"y": row} for row in y.tolist()]})
        headers = {"content-type": "application/json"}
        return {"statusCode": 200, "headers": headers, "body": body.decode()}

    return handle


def ours(model: str) -> Handler:
    from ladle_runtime.serving.events import DirectLog

    return _ours(model, DirectLog(b"k" * 32), os.urandom)


def ours_without_duties(model: str) -> Handler:
    class NoLog:
        def write(self, _line: object, _outcomes: object) -> None:
            """Leaves nothing."""

    return _ours(model, NoLog(), bytes)


def _ours(model: str, log: Any, randomness: Callable[[int], bytes]) -> Handler:
    from ladle.disk.clock import SystemClock
    from ladle_runtime.backends.onnx import load
    from ladle_runtime.serving.lambda_doors import LambdaDoors
    from ladle_runtime.serving.service import Service
    from ladle_runtime.serving.settings import Settings
    from ladle_runtime.serving.transform import Transform

    told = {"LADLE_MODEL": "tiny", "LADLE_SPEC": json.dumps(SPEC), "LADLE_MODEL_FILE": model}
    settings = Settings.from_environment({**told, "LADLE_LOG_KEY": "00" * 32})
    backend = load(Path(model).read_bytes(), 1)
    service = Service(settings, backend, Transform(), log, SystemClock(), randomness)
    return LambdaDoors(service)


def mangum_and_fastapi(model: str) -> Handler:
    import fastapi
    import numpy as np
    import pydantic
    from mangum import Mangum

    session, app = _session(model), fastapi.FastAPI()
    asked = pydantic.create_model("Asked", inputs=(list[list[float]], ...))

    async def predict(request: Any) -> Any:
        (y,) = session.run(None, {"x": np.asarray(request.inputs, np.float32)})
        return {"predictions": [{"y": row} for row in y.tolist()]}

    predict.__annotations__ = {"request": asked}
    app.post("/predict")(predict)
    return Mangum(app, lifespan="off")


WAYS = {
    way.__name__.replace("_", " "): way
    for way in (bare, ours_without_duties, ours, mangum_and_fastapi)
}


def measure(way: str, model: str) -> float:
    """Microseconds of CPU a call; runs in a process of its own, whose stdout goes nowhere."""
    handle, given = WAYS[way](model), event()
    for _ in range(CALLS // 10):
        answer = handle(given, None)
    assert answer["statusCode"] == 200, answer
    assert len(json.loads(answer["body"])["predictions"]) == 1
    begun = time.process_time()
    for _ in range(CALLS):
        handle(given, None)
    return (time.process_time() - begun) / CALLS * 1e6


def main() -> None:
    if len(sys.argv) > 1:
        print(measure(*sys.argv[1:3]), file=sys.stderr)
        return
    from models import MODELS

    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "tiny.onnx"
        model.write_bytes(MODELS["tiny"].make())
        for _ in range(ROUNDS):
            for way, costs in found.items():
                command = [sys.executable, __file__, way, str(model)]
                done = subprocess.run(
                    command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
                )
                costs.append(float(done.stderr.splitlines()[-1]))
    cost = {way: statistics.median(costs) for way, costs in found.items()}
    for way, costs in found.items():
        print(f"{way:22}{cost[way]:8.1f} µs   [{min(costs):.1f}-{max(costs):.1f}]")
    without, with_ = cost["ours without duties"], cost["ours"]
    print(f"without duties / bare          {without / cost['bare']:6.2f}   (bar 1.3)")
    print(f"duties                         {with_ - without:6.1f} µs (bar 6)")
    print(f"with duties / Mangum, FastAPI  {with_ / cost['mangum and fastapi']:6.3f}  (bar 0.125)")


if __name__ == "__main__":
    main()
