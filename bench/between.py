"""CPU that the function between an HTTP API and an endpoint takes of a request, beside the bare call of the SDK.

The endpoint is a process of its own on this machine that answers at once, so that nothing but asking
is counted. The function is asked as Lambda does, from the event to the answer that leaves; the bare
call is boto3's ``invoke_endpoint`` with the same body, and its answer read. Rounds alternate, medians
are printed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

from lambda_path import event

CALLS, ROUNDS = 400, 9
ANSWER = json.dumps({"predictions": [{"label": 1, "probabilities": [0.1, 0.9]}]}).encode()
MODEL = "tiny"


class Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def ways(url: str) -> dict[str, Callable[[], Any]]:
    keys = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    os.environ.update(keys | {"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url})
    from ladle.aws.session import AwsSession
    from ladle_runtime.asking.invoking import handle

    told = {"routeKey": "POST /predict", "stageVariables": {"model": MODEL}}
    asked, runtime = {**event(), **told}, AwsSession().inference_once(29)
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 30_000)

    def bare() -> Any:
        body = asked["body"].encode()
        answer = runtime.invoke_endpoint(
            EndpointName=f"ladle-{MODEL}", Body=body, ContentType="application/json"
        )
        return answer["Body"].read()

    return {"the SDK's call": bare, "the function": lambda: handle(asked, context)}


def measure(call: Callable[[], Any]) -> float:
    """Microseconds of CPU a call."""
    begun = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - begun) / CALLS * 1e6


def main() -> None:
    if sys.argv[1:] == ["serve"]:
        serve()
        return
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE) as endpoint:
        assert endpoint.stdout is not None
        found = ways(f"http://127.0.0.1:{int(endpoint.stdout.readline())}")
        costs: dict[str, list[float]] = {way: [] for way in found}
        told = {way: call() for way, call in found.items()}
        assert told["the function"]["body"].encode() == told["the SDK's call"] == ANSWER
        for _ in range(ROUNDS):
            for way, call in found.items():
                costs[way].append(measure(call))
        endpoint.terminate()
    for way, each in costs.items():
        print(f"{way:16}{statistics.median(each):8.0f} µs   [{min(each):.0f}-{max(each):.0f}]")
    bare, ours = (statistics.median(each) for each in costs.values())
    print(f"function / SDK  {ours / bare:8.2f}")


if __name__ == "__main__":
    main()
