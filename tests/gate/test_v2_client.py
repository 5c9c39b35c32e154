"""Triton's own client, which we did not write, asks a served model in all of its ways."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from ladle.tools.processes import free_port
from ladle.tools.serving_process import ServingProcess

pytestmark = [pytest.mark.gate, pytest.mark.timeout(300)]

# Runs in the environment of the serving benchmark, whose lock has the client.
CLIENT = """
import json, sys
import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1])
x = np.arange(8, dtype=np.float32).reshape(2, 4)
labels, ids = [], []
for sent in (True, False):
    for asked in (True, False, None):
        tensor = http.InferInput("x", [2, 4], "FP32")
        tensor.set_data_from_numpy(x, binary_data=sent)
        outputs = None
        if asked is not None:
            names = ("probabilities", "label")
            outputs = [http.InferRequestedOutput(name, binary_data=asked) for name in names]
        answer = client.infer("flowers", [tensor], outputs=outputs, request_id="mine")
        assert answer.as_numpy("probabilities").shape == (2, 3)
        labels.append(answer.as_numpy("label").tolist())
        ids.append(answer.get_response()["id"])
wrong = http.InferInput("x", [2, 3], "FP32")
wrong.set_data_from_numpy(x[:, :3])
try:
    client.infer("flowers", [wrong])
except InferenceServerException as error:
    refusal = [error.status(), error.message()]
waiting = client.async_infer("flowers", [tensor])
print(json.dumps({
    "ready": [client.is_server_live(), client.is_server_ready(), client.is_model_ready("flowers")],
    "unknown": client.is_model_ready("roses"),
    "extensions": client.get_server_metadata()["extensions"],
    "inputs": client.get_model_metadata("flowers", "0")["inputs"],
    "labels": labels,
    "ids": ids,
    "refusal": refusal,
    "async": waiting.get_result().as_numpy("label").tolist(),
}))
"""


def test_triton_s_client_talks_to_us(environment: Mapping[str, str], root: Path) -> None:
    python = root / ".venv-bench-serving" / "bin" / "python"
    assert python.exists(), "`scripts/bench serving` makes the environment that has the client"
    with ServingProcess(environment, free_port(), quiet=True) as process:
        process.wait_until_ready()
        address = process.url.removeprefix("http://")
        command = [str(python), "-c", CLIENT, address]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "ready": [True, True, True],
        "unknown": False,
        "extensions": ["binary_tensor_data"],
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}],
        "labels": [[2, 2]] * 6,
        "ids": ["mine"] * 6,
        "refusal": ["422", "an input has the wrong shape: x has the shape [n, 4]"],
        "async": [2, 2],
    }
