"""mosec, one worker, batches of at most 64 that wait at most 1 ms; ``raw`` takes float32 bytes."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
import onnxruntime
import orjson
from mosec import Server, Worker

RAW = os.environ["BENCH_FORM"] == "raw"
SHAPE = tuple(map(int, os.environ["BENCH_SHAPE"].split(",")))


class Model(Worker):
    """One session of one thread, as everywhere in this benchmark."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.environ["BENCH_MODEL"], options)

    def deserialize(self, data: bytes) -> Any:
        if RAW:
            return np.frombuffer(data, np.float32).reshape(SHAPE)
        return np.array(orjson.loads(data)["inputs"], dtype=np.float32)[0]

    def forward(self, data: list[Any]) -> Any:
        return self.session.run(None, {"x": np.stack(data)})[0]

    def serialize(self, data: Any) -> bytes:
        if RAW:
            return bytes(data.tobytes())
        return orjson.dumps({"predictions": [data]}, option=orjson.OPT_SERIALIZE_NUMPY)


if __name__ == "__main__":
    sys.argv[1:] = ["--address", "127.0.0.1", "--port", os.environ["BENCH_PORT"]]
    server = Server()
    server.append_worker(Model, num=1, max_batch_size=64, max_wait_time=1)
    server.run()
