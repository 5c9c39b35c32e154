"""May touch: tmp_path, loopback, child processes: the real handlers under their real clients."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from ladle.testing.runtime_api import Invoked, RuntimeApi

HANDLER = "ladle_runtime.serving.lambda_entry.handle"


def classifier(inputs: int = 4, classes: int = 3) -> bytes:
    """A linear classifier with the outputs that scikit-learn's have: label, probabilities."""
    weights = np.linspace(-1, 1, inputs * classes).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["scores"]),
            helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
            helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        ],
        "classifier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, inputs])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, classes]),
        ],
        [helper.make_tensor("w", TensorProto.FLOAT, [inputs, classes], weights)],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


@pytest.fixture(autouse=True)
def _no_event_loop_is_left() -> Iterator[None]:
    """Mangum makes its thread's loop and never closes it: a function's process ends with it."""
    yield
    with suppress(RuntimeError):  # there is none
        asyncio.get_event_loop_policy().get_event_loop().close()
    asyncio.set_event_loop(None)


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    path.write_bytes(classifier())
    return path


@pytest.fixture(scope="session")
def log_key() -> bytes:
    return bytes(range(32))


@pytest.fixture(scope="session")
def environment(model_file: Path, log_key: bytes) -> dict[str, str]:
    """Of a function that serves the classifier; no credentials, since it needs none."""
    spec = {
        "type": "classification",
        "backend": "onnx",
        "key": "$.label",
        "window_s": 60,
        "threads": 1,
        "transform": None,
    }
    return {
        "LADLE_MODEL": "flowers",
        "LADLE_MODEL_FILE": str(model_file),
        "LADLE_RELEASE_DIGEST": "ab" * 32,
        "LADLE_SPEC": json.dumps(spec),
        "LADLE_LOG_KEY": log_key.hex(),
    }


@dataclass
class Function:
    """A handler under the real runtime client; ``lines()`` is what it has printed."""

    api: RuntimeApi
    process: subprocess.Popen[bytes]
    output: Path

    def invoke(self, event: Any) -> Invoked:
        return self.api.invoke(event)

    def lines(self) -> list[str]:
        return self.output.read_text().splitlines()


StartFunction = Callable[..., AbstractContextManager[Function]]


@pytest.fixture(scope="session")
def start_function(
    environment: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> StartFunction:
    """``with start_function(LADLE_MODEL="other") as function:``"""

    @contextmanager
    def start(handler: str = HANDLER, **changes: str) -> Iterator[Function]:
        output = tmp_path_factory.mktemp("function") / "output"
        with RuntimeApi() as api, output.open("wb") as stdout:
            process = subprocess.Popen(
                [sys.executable, "-m", "awslambdaric", handler],
                env={
                    "PATH": os.environ["PATH"],
                    **environment,
                    **api.environment,
                    **changes,
                },
                stdout=stdout,
                stderr=subprocess.STDOUT,
            )
            try:
                yield Function(api, process, output)
            finally:
                process.kill()
                process.wait()

    return start


@pytest.fixture(scope="module")
def function(start_function: StartFunction) -> Iterator[Function]:
    """One warm function for a file of tests."""
    with start_function() as running:
        yield running
