"""The first answer of a function costs what it needs: no SDK, no web framework, no config."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from onnx import TensorProto, helper

ASK = """
import json, sys
from ladle_runtime.serving.lambda_entry import handle
answer = handle({"inputs": [[1.0]]}, None)
assert answer["predictions"] == [{"y": [1.0]}], answer
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """Every module that a process has loaded once it has answered one request."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path: Path = tmp_path_factory.mktemp("model") / "model.onnx"
    path.write_bytes(model.SerializeToString())
    spec = {"type": "generic", "backend": "onnx", "key": "$.y[0]", "window_s": 60, "threads": 1}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={
            "LADLE_MODEL": "same",
            "LADLE_MODEL_FILE": str(path),
            "LADLE_SPEC": json.dumps(spec),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return frozenset(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "heavy",
    [
        "boto3",
        "botocore",
        "pydantic",
        "fastapi",
        "starlette",
        "mangum",
        "uvicorn",
        "asyncio",
        "opentelemetry",
        "requests",
    ],
)
def test_the_first_answer_loads_no(heavy: str, loaded: frozenset[str]) -> None:
    assert heavy not in loaded


def test_of_ladle_itself_the_first_answer_loads_only_a_few_plain_modules(
    loaded: frozenset[str],
) -> None:
    """A module here is a module whose every edit makes a new release of every model."""
    ours = {name for name in loaded if name.startswith("ladle.")}
    assert ours == {
        "ladle.catalog",
        "ladle.disk",
        "ladle.disk.clock",
        "ladle.errors",
        "ladle.experiments",
        "ladle.experiments.signature",
        "ladle.policy",
        "ladle.policy.sealing",
        "ladle.quality",
        "ladle.quality.counts",
        "ladle.quality.labels",
        "ladle.quality.lines",
        "ladle.quality.reference",
        "ladle.quality.sealed_id",
    }
