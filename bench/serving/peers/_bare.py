"""Our own loop and parser around nothing but a session: the price of the product's duties is the rest.

No validation, no prediction id, no log line, no limits; float32 rows in, float32 out, or JSON by orjson.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httptools
import numpy as np
import onnxruntime
import orjson
import simdjson
import uvloop

RAW = os.environ["BENCH_FORM"] == "raw"
SHAPE = tuple(map(int, os.environ["BENCH_SHAPE"].split(",")))
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["BENCH_MODEL"], options)
parser = simdjson.Parser()
waiting: list[tuple[Any, asyncio.Transport]] = []


def parse(body: bytes) -> Any:
    if RAW:
        return np.frombuffer(body, np.float32).reshape(1, *SHAPE)
    document = parser.parse(body)
    numbers = np.frombuffer(document["inputs"].as_buffer(of_type="d"), np.float64)
    return numbers.astype(np.float32).reshape(1, *SHAPE)


def answer() -> None:
    several = waiting[:]
    waiting.clear()
    whole = session.run(None, {"x": np.concatenate([x for x, _ in several])})[0]
    for row, (_, transport) in zip(whole, several, strict=True):
        body = row.tobytes()
        if not RAW:
            body = orjson.dumps({"predictions": [row]}, option=orjson.OPT_SERIALIZE_NUMPY)
        transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


class Bare(asyncio.Protocol):
    """Everything that arrives is a prediction."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.parts: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        if not waiting:
            asyncio.get_running_loop().call_soon(answer)
        waiting.append((parse(b"".join(self.parts)), self.transport))
        self.parts = []


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Bare, "127.0.0.1", int(os.environ["BENCH_PORT"]))
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
