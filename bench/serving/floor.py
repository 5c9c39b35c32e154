"""CPU of one bare ``session.run`` of one row, in a process that does nothing else."""

from __future__ import annotations

import sys
import time

import onnxruntime
from models import MODELS, rows


def main() -> None:
    model, path, seconds = MODELS[sys.argv[1]], sys.argv[2], float(sys.argv[3])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    x, done = rows(model, 1), 0
    session.run(None, {"x": x})
    begun, end = time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(10):
            session.run(None, {"x": x})
        done += 10
    print((time.process_time() - begun) / done * 1e6)


if __name__ == "__main__":
    main()
