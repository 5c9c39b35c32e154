"""A model's optimised graph answers to the bit like the model, and is read beside that model alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from ladle.disk.clock import SystemClock
from ladle.experiments.manifest import ModelArtefact, Signature
from ladle.experiments.optimised import MOST_CHARACTERS, OptimisedGraph
from ladle.tools.model_jail import ModelJail
from ladle_runtime.backends.onnx import load
from ladle_runtime.backends.onnx_weights import placed
from ladle_runtime.serving.events import DirectLog
from ladle_runtime.serving.service import load_service
from ladle_runtime.serving.settings import Settings

FLOAT = TensorProto.FLOAT
X = np.random.default_rng(1).standard_normal((3, 64)).astype(np.float32)
SPEC = '{"type": "generic", "backend": "onnx", "key": "$.y", "window_s": 60, "threads": 1}'
SIZES = (64, 512, 512, 8)


def tensor(name: str, *shape: int) -> Any:
    values = np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)
    return helper.make_tensor(name, FLOAT, shape, values.tobytes(), raw=True)


def model(nodes: list[Any], held: list[Any], takes: list[Any], gives: list[Any]) -> bytes:
    x = helper.make_tensor_value_info("x", FLOAT, takes)
    y = helper.make_tensor_value_info("y", FLOAT, gives)
    graph = helper.make_graph(nodes, "graph", [x], [y], held)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(made, {"ladle.missing": '["x"]'})
    return bytes(made.SerializeToString())


def dense() -> bytes:
    """Layers as exporters write them; onnxruntime makes one operator of each."""
    nodes, held, at = [], [], "x"
    for n, (a, b) in enumerate(pairwise(SIZES)):
        held += [tensor(f"w{n}", a, b), tensor(f"b{n}", b)]
        nodes.append(helper.make_node("MatMul", [at, f"w{n}"], [f"m{n}"]))
        nodes.append(helper.make_node("Add", [f"m{n}", f"b{n}"], [f"a{n}"]))
        nodes.append(helper.make_node("Relu", [f"a{n}"], [f"r{n}"]))
        at = f"r{n}"
    nodes.append(helper.make_node("Identity", [at], ["y"]))
    return model(nodes, held, ["rows", SIZES[0]], ["rows", SIZES[-1]])


def convolution() -> bytes:
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4)
    shape = ["rows", 3, 16, 16]
    return model([node], [tensor("w", 32, 3, 3, 3)], shape, ["rows", 32, 16, 16])


def of_three_rows() -> bytes:
    """It takes no other number of them, and its signature does not say so."""
    shape = helper.make_tensor("shape", TensorProto.INT64, [1], [3 * 64])
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Reshape", ["m", "shape"], ["y"]),
    ]
    return model(nodes, [tensor("w", 64, 64), shape], ["rows", 64], [3 * 64])


def optimised(folder: Path, content: bytes, *golden: Any) -> OptimisedGraph | None:
    path = folder / "recorded.onnx"
    path.write_bytes(content)
    return ModelJail(seconds=60, golden=golden).optimise(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> OptimisedGraph:
    found = optimised(tmp_path_factory.mktemp("made"), dense())
    assert found is not None
    return found


def served(folder: Path, content: bytes, sha256: str | None, graph: OptimisedGraph) -> Any:
    """As a function does it: the model in a file of its own, the graph beside the code."""
    of_model = hashlib.sha256(dense()).hexdigest()
    (folder / graph.file_name(of_model)).write_bytes(graph.content())
    path = folder / "model"
    path.write_bytes(content)
    with path.open("rb") as stream:
        mapped = mmap(stream.fileno(), 0, access=ACCESS_READ)
        return load(mapped, 1, path, str(folder), sha256)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_it_answers_to_the_bit_like_the_model(tmp_path: Path, made: OptimisedGraph) -> None:
    backend = served(tmp_path, dense(), sha256_of(dense()), made)
    own = load(dense(), 1)
    assert (backend.graph, own.graph) == ("optimised", "original")
    assert backend.signature == own.signature
    np.testing.assert_array_equal(backend.run({"x": X})["y"], own.run({"x": X})["y"])


def test_the_record_says_how_equal_it_was_found(made: OptimisedGraph) -> None:
    assert made.tolerance == 0.0
    assert made.rows == 9
    assert len(made.graph) < MOST_CHARACTERS
    assert len(made.content()) < len(dense()) / 10, "its weights stay in the model"


def test_another_onnxruntime_or_processor_loads_the_model_as_it_is(
    tmp_path: Path, made: OptimisedGraph
) -> None:
    for other in (replace(made, onnxruntime="1.0.0"), replace(made, machine="riscv64")):
        folder = tmp_path / other.machine
        folder.mkdir()
        assert served(folder, dense(), sha256_of(dense()), other).graph == "original"


def test_a_release_serves_it_and_says_so(tmp_path: Path, made: OptimisedGraph) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(dense())
    told = {
        "LADLE_MODEL": "dense",
        "LADLE_SPEC": SPEC,
        "LADLE_MODEL_FILE": str(model),
        "LAMBDA_TASK_ROOT": str(tmp_path),
        "TMPDIR": str(tmp_path),
    }
    (tmp_path / made.file_name(sha256_of(dense()))).write_bytes(made.content())
    released = {**told, "LADLE_BUNDLE_SHA256": sha256_of(dense())}
    for environment, graph in ((released, "optimised"), (told, "original")):
        settings = Settings.from_environment(environment)
        service = load_service(settings, SystemClock(), DirectLog(settings.log_key))
        assert service.graph == graph


def test_another_model_in_its_place_is_loaded_as_it_is(
    tmp_path: Path, made: OptimisedGraph
) -> None:
    other = dense().replace(b"graph", b"later")
    assert served(tmp_path, other, sha256_of(other), made).graph == "original"
    assert served(tmp_path, other, None, made).graph == "original", "nobody checked what it is"


def test_a_graph_that_does_not_load_leaves_the_model_as_it_is(
    tmp_path: Path, made: OptimisedGraph
) -> None:
    (tmp_path / made.file_name(sha256_of(dense()))).write_bytes(made.content()[:-40])
    path = tmp_path / "model"
    path.write_bytes(dense())
    assert load(dense(), 1, path, str(tmp_path), sha256_of(dense())).graph == "original"


def test_a_graph_that_names_a_file_is_not_read(made: OptimisedGraph) -> None:
    named = placed(made.content(), "elsewhere")
    assert named is not None
    assert placed(named, "model") is None


def test_none_is_made_where_onnxruntime_lays_weights_out_for_one_processor(
    tmp_path: Path,
) -> None:
    assert optimised(tmp_path, convolution()) is None


def test_none_is_made_of_what_could_not_be_tried(tmp_path: Path) -> None:
    assert optimised(tmp_path, of_three_rows()) is None
    assert optimised(tmp_path, b"no model at all") is None


def test_golden_requests_are_tried_first(tmp_path: Path) -> None:
    rows, no_rows = X.tolist(), [[1.0], [2.0, 3.0]]
    found = optimised(tmp_path, of_three_rows(), rows, {"x": rows}, {"z": rows}, no_rows, "text")
    assert found is not None
    assert found.rows == 6


def test_a_manifest_keeps_it_and_others_do_not_speak_of_it(made: OptimisedGraph) -> None:
    plain = ModelArtefact("m.onnx", "sha256:00", 5, "onnx", Signature((), ()))
    assert "optimised" not in plain.to_json()
    with_graph = replace(plain, optimised=made)
    assert ModelArtefact.from_json(json.loads(json.dumps(with_graph.to_json()))) == with_graph


@pytest.mark.parametrize("graph", ["", "eJw", "not base64!", "eJzLSFTILAYA"])
def test_what_is_no_graph_is_refused(made: OptimisedGraph, graph: str) -> None:
    with pytest.raises(ValueError, match="the optimised graph"):
        replace(made, graph=graph).content()


def test_a_model_that_is_code_has_none(tmp_path: Path) -> None:
    path = tmp_path / "predict.py"
    path.write_text("raise SystemExit\n")
    assert ModelJail().optimise(path) is None
