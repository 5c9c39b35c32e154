"""What one request costs in the server, duty by duty, without the socket: CPU in one process.

Each step is called alone, many times over, with what it gets when sixteen requests share a run; the
lowest of many rounds counts, since neighbours on the machine only add. What ``scripts/bench serving``
finds beyond the sum is the socket, the loop, and memory that is colder there than here.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "serving"))

from models import MODELS, rows  # noqa: E402
from peers import LADLE, PEERS, Setup, request  # noqa: E402

from ladle.disk.clock import SystemClock  # noqa: E402
from ladle.quality.lines import RequestLine, RequestOutcome  # noqa: E402
from ladle_runtime.serving.codecs.base import Answered  # noqa: E402
from ladle_runtime.serving.codecs.formats import codec_for  # noqa: E402
from ladle_runtime.serving.events import DirectLog  # noqa: E402
from ladle_runtime.serving.http import wire  # noqa: E402
from ladle_runtime.serving.http.connection import Connection  # noqa: E402
from ladle_runtime.serving.http.exchange import Exchange  # noqa: E402
from ladle_runtime.serving.http.site import Site  # noqa: E402
from ladle_runtime.serving.outcome import parse_key  # noqa: E402
from ladle_runtime.serving.prediction_ids import PredictionIds  # noqa: E402
from ladle_runtime.serving.predictions import Predictions, Run  # noqa: E402
from ladle_runtime.serving.service import Service, load_service  # noqa: E402
from ladle_runtime.serving.settings import Settings  # noqa: E402

TOGETHER = 16
ROUNDS, CALLS = 40, 500
CASES = (("mlp", "ladle"), ("mlp", "ladle raw"), ("tiny", "ladle"), ("tiny", "ladle raw"))
DATE = "Mon, 23 Nov 2026 12:00:00 GMT"


def cost_us(call: Callable[[], Any], requests: int = 1) -> float:
    call()
    found = timeit.repeat(call, number=CALLS, repeat=ROUNDS, timer=time.thread_time)
    return min(found) / CALLS / requests * 1e6


class Silent:
    """A transport that takes everything."""

    def write(self, _data: bytes) -> None:
        """Nowhere."""

    def is_closing(self) -> bool:
        return False


def connection_us(asked: bytes, answer: Any) -> float:
    """A request whose head is known, from its bytes to the call of its route and back."""
    waiting: list[Exchange] = []
    connection = Connection(Site(waiting.append))
    connection.connection_made(Silent())  # type: ignore[arg-type]

    def whole() -> None:
        connection.data_received(asked)
        waiting.pop().reply(answer)

    return cost_us(whole)


def duties(model_name: str, peer: str, folder: Path) -> dict[str, float]:
    model = MODELS[model_name]
    file = folder / f"{model_name}.onnx"
    file.write_bytes(model.make())
    settings = Settings.from_environment(LADLE.environment(Setup(file, model.shape, 0, folder)))
    service: Service = load_service(settings, SystemClock(), DirectLog(settings.log_key))
    asked = request(PEERS[peer], rows(model, 1))
    head, _, body = asked.partition(b"\r\n\r\n")
    codec = codec_for(dict(line.split(b": ") for line in head.split(b"\r\n")[1:]))
    each = [codec.decode(body, service.inputs) for _ in range(TOGETHER)]
    x = np.concatenate([batch.inputs["x"] for batch in each])
    outputs = service.run({"x": x})
    key = parse_key(settings.key)
    ids, now, drawn = PredictionIds(settings), time.time(), "A" * 22
    part = Predictions(Run(outputs, TOGETHER, settings.type), 3, 4)
    prediction_ids, kept = ids.of(drawn, now, 1, [1])
    answered = Answered(settings.model, settings.release, prediction_ids, part)
    answer = codec.encode(answered)
    line = RequestLine("bench", 0, drawn, now, RequestOutcome.OK, 200, 1.2, 1, False, 60.0)
    log = DirectLog(settings.log_key)

    def shared() -> None:
        run = Run(outputs, TOGETHER, settings.type)
        run.outcomes(key)
        run.texts()

    response = cost_us(lambda: wire.response(answer, b"POST", True, DATE))
    return {
        "read the numbers, check them": cost_us(lambda: codec.decode(body, service.inputs)),
        "put the rows of 16 together": cost_us(
            lambda: np.concatenate([batch.inputs["x"] for batch in each]), TOGETHER
        ),
        "the run, a sixteenth": cost_us(lambda: service.run({"x": x}), TOGETHER),
        "label, numbers as text, a sixteenth": cost_us(shared, TOGETHER),
        "prediction id, drawn and sealed": cost_us(lambda: ids.of(drawn, now, 1, [1]))
        + cost_us(lambda: os.urandom(18 * TOGETHER), TOGETHER),
        "answer": cost_us(lambda: codec.encode(answered)) + response,
        "log line with its MAC": cost_us(lambda: log.text(line, kept)),
        "connection: head, limits, order": connection_us(asked, answer) - response,
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = {case: duties(*case, Path(folder)) for case in CASES}
    print(f"{'CPU us a request':40}" + "".join(f"{' '.join(case):>16}" for case in CASES))
    for duty in table[CASES[0]]:
        print(f"{duty:40}" + "".join(f"{table[case][duty]:16.2f}" for case in CASES))
    print(f"{'sum':40}" + "".join(f"{sum(table[case].values()):16.2f}" for case in CASES))


if __name__ == "__main__":
    main()
