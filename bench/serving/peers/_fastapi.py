"""FastAPI as most people write it: a sync endpoint, a pydantic model of nested lists."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["BENCH_MODEL"], options)
app = FastAPI()


class Rows(BaseModel):
    """Deep enough for images; what a row holds numpy finds out."""

    inputs: list[list[float]] | list[list[list[list[float]]]]


@app.post("/predict")
def predict(rows: Rows) -> dict[str, Any]:
    x = np.array(rows.inputs, dtype=np.float32)
    return {"predictions": session.run(None, {"x": x})[0].tolist()}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["BENCH_PORT"]), log_level="warning", access_log=False)
