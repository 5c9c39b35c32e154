"""What it costs to serve more models than fit: a load for each change, and memory that does not grow.

Four models of 40 MB each are asked in turn by one client where two have room, so that every request
loads one and lets one go. CPU is the server's, of all its threads.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import urllib.request
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from ladle.tools.processes import free_port
from ladle.tools.serving_process import ServingProcess

MODELS, ROOM_MB, ROUNDS = 4, "100", 20
INPUTS, OUTPUTS = 2500, 4000
SPEC = {"type": "generic", "backend": "onnx", "key": "$.y", "window_s": 60, "threads": 1}
TENSOR = {"name": "x", "shape": [1, INPUTS], "datatype": "FP32", "data": [1] * INPUTS}
BODY = json.dumps({"inputs": [TENSOR]}).encode()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [written(Path(folder), number) for number in range(MODELS)]
        listed = Path(folder, "models.json")
        listed.write_text(json.dumps(rows))
        told = {"LADLE_MODELS": str(listed), "LADLE_MODELS_MB": ROOM_MB, "TMPDIR": folder}
        with ServingProcess(told, free_port(), quiet=True) as process:
            process.wait_until_ready()
            for half in ("first", "second"):
                begun = cpu_s(process.pid)
                for turn in range(ROUNDS * MODELS // 2):
                    ask(f"{process.url}/v2/models/m{turn % MODELS}/infer")
                each_ms = (cpu_s(process.pid) - begun) / (ROUNDS * MODELS // 2) * 1000
                print(
                    f"{half} half: {resident_mb(process.pid):.0f} MB, {each_ms:.0f} ms CPU a load"
                )
            begun = cpu_s(process.pid)
            for _ in range(1000):
                ask(f"{process.url}/v2/models/m0/infer")
            print(f"loaded: {(cpu_s(process.pid) - begun):.2f} ms CPU a request")


def written(folder: Path, number: int) -> dict[str, str]:
    weights = np.random.default_rng(number).standard_normal((INPUTS, OUTPUTS)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, INPUTS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, OUTPUTS])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = folder / f"{number}.onnx"
    path.write_bytes(model.SerializeToString())
    about = {"LADLE_MODEL": f"m{number}", "LADLE_MODEL_FILE": str(path)}
    return {**about, "LADLE_SPEC": json.dumps(SPEC)}


def ask(url: str) -> None:
    with urllib.request.urlopen(url, BODY) as answer:
        answer.read()


def cpu_s(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1000


if __name__ == "__main__":
    main()
