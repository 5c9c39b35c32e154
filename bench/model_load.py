"""What loading a model costs, and a request after it: as onnxruntime does it, as we do, and optimised before.

"Default" is ``InferenceSession(path)``. Ours reads the same file into one of our own and maps it
there, or maps it where it lies on a file system that nobody can write; with the optimised graph that
``ladle record`` made, where it made one. "Optimised before" is the model as onnxruntime's extended
level writes it, weights outside, loaded with optimisation off. A process for each, rounds alternate,
medians.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import numpy as np
import onnxruntime
from _transformer import WORDS, transformer
from onnx import TensorProto, helper

ROUNDS = 7
REQUESTS = 10
SIZES = (3, 64, 128, 256, 512, 512, 1024, 1024, 1024)


def convolutions() -> bytes:
    """About 100 MB of 3 x 3 kernels over small pictures."""
    random, nodes, held, at = np.random.default_rng(2), [], [], "x"
    for layer, (a, b) in enumerate(pairwise(SIZES)):
        kernel = random.standard_normal((b, a, 3, 3), np.float32) / np.float32(3 * a**0.5)
        name, out = f"w{layer}", f"c{layer}"
        held.append(
            helper.make_tensor(name, TensorProto.FLOAT, kernel.shape, kernel.tobytes(), raw=True)
        )
        strides = [1 + layer % 2] * 2
        nodes.append(helper.make_node("Conv", [at, name], [out], strides=strides, pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [out], [f"r{layer}"]))
        at = f"r{layer}"
    nodes.append(helper.make_node("GlobalAveragePool", [at], ["y"]))
    graph = helper.make_graph(
        nodes,
        "convolutions",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", SIZES[-1], 1, 1])],
        held,
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def feed() -> dict[str, dict[str, np.ndarray[Any, Any]]]:
    random = np.random.default_rng(3)
    return {
        "transformer": {"ids": random.integers(0, 20_000, (1, WORDS))},
        "convolutions": {"x": random.standard_normal((1, 3, 32, 32)).astype(np.float32)},
    }


def options() -> Any:
    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = chosen.inter_op_num_threads = 1
    return chosen


def default(path: str) -> Any:
    return onnxruntime.InferenceSession(path, options())


def default_from_bytes(path: str) -> Any:
    """As a function does that fetched its model."""
    return onnxruntime.InferenceSession(Path(path).read_bytes(), options())


def ours_copied(path: str, sha256: str | None = None) -> Any:
    from ladle.disk.clock import SystemClock
    from ladle_runtime.backends.onnx import load
    from ladle_runtime.serving.model_file import read_model

    folder = str(Path(path).parent)
    with read_model(path, tempfile.gettempdir(), SystemClock()) as model:
        return load(model.content, 1, model.file, folder, sha256)._session


def ours_in_place(path: str, sha256: str | None = None) -> Any:
    from mmap import ACCESS_READ, mmap

    from ladle_runtime.backends.onnx import load

    file = Path(path)
    with file.open("rb") as stream:
        mapped = mmap(stream.fileno(), 0, access=ACCESS_READ)
        return load(mapped, 1, file, str(file.parent), sha256)._session


def ours_copied_optimised(path: str) -> Any:
    return ours_copied(path, Path(f"{path}.sha256").read_text())


def ours_in_place_optimised(path: str) -> Any:
    return ours_in_place(path, Path(f"{path}.sha256").read_text())


def optimised_before(path: str) -> Any:
    chosen = options()
    chosen.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(f"{path}.extended", chosen)


def record(path: Path) -> None:
    """Lays the optimised graph beside the model; its hash is known, so it costs nothing here."""
    from ladle.tools.model_jail import ModelJail

    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    Path(f"{path}.sha256").write_text(sha256)
    graph = ModelJail(seconds=60).optimise(path)
    if graph is not None:
        (path.parent / graph.file_name(sha256)).write_bytes(graph.content())


def optimise(path: str) -> None:
    chosen, level = options(), onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    chosen.graph_optimization_level = level
    chosen.optimized_model_filepath = f"{path}.extended"
    entry = "session.optimized_model_external_initializers_file_name"
    chosen.add_session_config_entry(entry, f"{Path(path).name}.weights")
    least = "session.optimized_model_external_initializers_min_size_in_bytes"
    chosen.add_session_config_entry(least, "1024")
    onnxruntime.InferenceSession(path, chosen)


WAYS = {
    w.__name__.replace("_", " "): w
    for w in (
        default,
        default_from_bytes,
        ours_copied,
        ours_copied_optimised,
        ours_in_place,
        ours_in_place_optimised,
        optimised_before,
    )
}


def measure(way: str, kind: str, path: str) -> None:
    """CPU in milliseconds of the load, of it with its first request, and of one request after that."""
    ours_copied(str(Path(path).parent / "small"))  # imports are not in the figures
    begun = time.process_time()
    session = WAYS[way](path)
    loaded = time.process_time()
    given = feed()[kind]
    session.run(None, given)
    warm = time.process_time()
    for _ in range(REQUESTS):
        session.run(None, given)
    ended = time.process_time()
    print((loaded - begun) * 1e3, (warm - begun) * 1e3, (ended - warm) / REQUESTS * 1e3)


def main() -> None:
    if len(sys.argv) > 1:
        measure(*sys.argv[1:4])
        return
    made = {"transformer": transformer(30_522, 384, 6, 12), "convolutions": convolutions()}
    with tempfile.TemporaryDirectory() as folder:
        small = transformer(16, 12, 1, 2)
        (Path(folder) / "small").write_bytes(small)
        for kind, content in made.items():
            path = Path(folder) / kind
            path.write_bytes(content)
            record(path)
            optimise(str(path))
            print(
                f"{kind}, {len(content) / 1e6:.0f} MB: CPU ms of loading; and the first request; a request"
            )
            found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
            for _ in range(ROUNDS + 1):
                for way, costs in found.items():
                    done = subprocess.run(
                        [sys.executable, __file__, way, kind, str(path)],
                        check=True,
                        capture_output=True,
                        text=True,
                        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
                    )
                    costs.append([float(figure) for figure in done.stdout.split()])
            medians = {
                way: [statistics.median(column) for column in zip(*costs[1:], strict=True)]
                for way, costs in found.items()
            }
            for way, (load_ms, first_ms, run_ms) in medians.items():
                ratios = (load_ms / medians["default"][0], first_ms / medians["default"][1])
                print(f"  {way:24}{load_ms:8.1f}{ratios[0]:6.2f}", end="")
                print(f"{first_ms:10.1f}{ratios[1]:6.2f}{run_ms:10.2f}")


if __name__ == "__main__":
    main()
