"""What ``tracing: otlp`` costs a prediction of the tiny model, and the start of its process.

CPU counts every thread, so making and sending a span is in it; time is what the caller waits, one
request after the other. Without spans, with a collector on this machine, with one that takes
connections and never answers, and with none at that port. Rounds alternate, medians are printed.

    scripts/bench tracing [ROUNDS]
"""

from __future__ import annotations

import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "serving")]

from lambda_path import SPEC, event  # noqa: E402

from ladle.tools.processes import free_port  # noqa: E402
from ladle.tools.serving_process import ServingProcess  # noqa: E402

CALLS = 3_000
PARENT = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
SENT_WITHIN_S = 3.0  # what a server still has to say after its last answer
Figures = Mapping[str, float]


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@contextmanager
def collectors() -> Iterator[Mapping[str, str]]:
    """By name where spans go."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield {
            "no spans": "",
            "a collector": f"http://127.0.0.1:{server.server_address[1]}",
            "one that is silent": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "none there": "http://127.0.0.1:1",
        }
    server.shutdown()


def environment(model: str, address: str) -> Mapping[str, str]:
    told = {"LADLE_MODEL": "tiny", "LADLE_MODEL_FILE": model, "LADLE_LOG_KEY": "00" * 32}
    if not address:
        return {**told, "LADLE_SPEC": json.dumps(SPEC)}
    spec = json.dumps({**SPEC, "tracing": "otlp"})
    return {**told, "LADLE_SPEC": spec, "OTEL_EXPORTER_OTLP_ENDPOINT": address}


def of_a_function() -> Figures:
    """In a process of its own, which begins here; its stdout goes nowhere."""
    cpu, mb = time.process_time(), peak_mb()
    from ladle_runtime.serving.lambda_entry import handle

    start = {
        "start, ms of CPU": (time.process_time() - cpu) * 1e3,
        "start, MB": peak_mb() - mb,
    }
    given = event()
    given["headers"].update(PARENT)
    times = timed(lambda: handle(given, None), CALLS // 10)
    cpu = time.process_time()
    times = timed(lambda: handle(given, None), CALLS)
    spent = (time.process_time() - cpu) / CALLS * 1e6
    return {**start, "function, µs of CPU": spent, **spread("function", times)}


def of_a_server(told: Mapping[str, str]) -> Figures:
    port, body = free_port(), event()["body"].encode()
    with ServingProcess(told, port, quiet=True) as process:
        process.wait_until_ready()
        connection = HTTPConnection("127.0.0.1", port)

        def ask() -> None:
            connection.request("POST", "/predict", body, PARENT)
            connection.getresponse().read()

        timed(ask, CALLS // 10)
        cpu = cpu_s(process.pid)
        times = timed(ask, CALLS)
        time.sleep(SENT_WITHIN_S)
        spent = (cpu_s(process.pid) - cpu) / CALLS * 1e6
    return {"server, µs of CPU": spent, **spread("server", times)}


def timed(call: Callable[[], Any], calls: int) -> Sequence[float]:
    times = []
    for _ in range(calls):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return sorted(times)


def spread(what: str, times: Sequence[float]) -> Figures:
    return {
        f"{what}, µs, half of the answers within": times[len(times) // 2] * 1e6,
        f"{what}, µs, 99 of 100 within": times[len(times) * 99 // 100] * 1e6,
    }


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(model: str, address: str) -> Figures:
    told = environment(model, address)
    done = subprocess.run(
        [sys.executable, __file__, "--function"],
        env={**os.environ, **told},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    return {**json.loads(done.stderr.splitlines()[-1]), **of_a_server(told)}


def main(rounds: int) -> None:
    from models import MODELS

    with tempfile.TemporaryDirectory() as folder, collectors() as where:
        model = Path(folder) / "tiny.onnx"
        model.write_bytes(MODELS["tiny"].make())
        found: dict[str, list[Figures]] = {name: [] for name in where}
        for _ in range(rounds):
            for name, address in where.items():
                found[name].append(measured(str(model), address))
    for figure in found["no spans"][0]:
        medians = {name: statistics.median(m[figure] for m in of) for name, of in found.items()}
        print(figure)
        for name, median in medians.items():
            print(f"  {name:20}{median:10.1f}   × {median / medians['no spans']:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--function"]:
        print(json.dumps(of_a_function()), file=sys.stderr)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
