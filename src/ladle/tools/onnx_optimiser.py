"""Runs in the jail: rewrites a model as onnxruntime does at each load, if it then answers the same.

Started by its path like ``onnx_reader``, from which it has its limits. The model comes from stdin,
``inputs`` of golden requests come in JSON as the second argument, one line of JSON goes back: null
where the model is better served as it is.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LEAST_BYTES = 1024  # as in ladle_runtime.backends.onnx_weights: smaller weights stay in the graph
EXTERNAL = 1
TOLERANCE = 0.0  # the same kernels run on the same numbers
TRIALS = (1, 8)  # rows; a size that is open beside the first axis is 4
OPEN_SIZE = 4
SEED = 7


def optimised(
    content: bytes, golden: list[Any], reader: Any, onnx: Any, ort: Any, numpy: Any
) -> Any:
    """None where onnxruntime also lays weights out for this very processor: that is no graph for
    another one, and which is faster would have to be measured.
    """
    levels = ort.GraphOptimizationLevel
    whole = rewritten(content, levels.ORT_ENABLE_EXTENDED, ort)
    if whole != rewritten(content, levels.ORT_ENABLE_ALL, ort):
        return None
    session, other = reader.load(content, ort), as_it_is(whole, ort)
    specs = reader.specs(session.get_inputs())
    tried = [*recorded(specs, golden, numpy), *made_up(specs, reader, numpy)]
    if not looks_alike(session, other, reader) or not (
        rows := rows_answered_alike(session, other, tried, numpy)
    ):
        return None
    model = onnx.load_from_string(content)
    graph = without_weights(onnx.load_from_string(whole), model, content)
    return {
        "onnxruntime": ort.__version__,
        "machine": os.uname().machine,
        "rows": rows,
        "tolerance": TOLERANCE,
        "graph": base64.b64encode(zlib.compress(graph, 9)).decode(),
    }


def rewritten(content: bytes, level: Any, ort: Any) -> bytes:
    """What onnxruntime would write into a file goes into a pipe: no file is written here."""
    read_end, write_end = os.pipe()
    parts: list[bytes] = []

    def drain() -> None:
        with os.fdopen(read_end, "rb") as stream:
            parts.append(stream.read())

    draining = threading.Thread(target=drain)
    draining.start()
    options = _options(level, ort)
    options.optimized_model_filepath = f"/proc/self/fd/{write_end}"
    try:
        ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    finally:
        os.close(write_end)
        draining.join()
    return parts[0]


def as_it_is(content: bytes, ort: Any) -> Any:
    options = _options(ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort)
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _options(level: Any, ort: Any) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.graph_optimization_level = level
    return options


def looks_alike(model: Any, other: Any, reader: Any) -> bool:
    said = [each.get_modelmeta().custom_metadata_map for each in (model, other)]
    sides = ("get_inputs", "get_outputs")
    specs = [[reader.specs(getattr(each, side)()) for side in sides] for each in (model, other)]
    return bool(said[0] == said[1] and specs[0] == specs[1])


def rows_answered_alike(model: Any, other: Any, tried: Any, numpy: Any) -> int:
    """0 where an answer differs in a bit, or the model takes nothing of what is tried."""
    rows = 0
    for feed in tried:
        try:
            answers = model.run(None, feed)
        except Exception:  # noqa: BLE001, S112 - onnxruntime has a class for each of its status codes
            continue
        if not all(map(_same, answers, other.run(None, feed), [numpy] * len(answers))):
            return 0
        rows += max(value.shape[0] if value.ndim else 1 for value in feed.values())
    return rows


def recorded(specs: Any, golden: list[Any], numpy: Any) -> Iterator[dict[str, Any]]:
    """Rows of a single input, or columns by name; what has another form is not tried."""
    for inputs in golden:
        columns = inputs if isinstance(inputs, dict) else {spec["name"]: inputs for spec in specs}
        try:
            feed = {s["name"]: numpy.array(columns[s["name"]], _dtype(s, numpy)) for s in specs}
        except (KeyError, ValueError, TypeError, OverflowError):
            continue
        if all(feed[spec["name"]].ndim == len(spec["shape"]) for spec in specs):
            yield feed


def made_up(specs: Any, reader: Any, numpy: Any) -> Iterator[dict[str, Any]]:
    """Rows of the signature's types and sizes; none where they would be too large."""
    random = numpy.random.default_rng(SEED)
    for rows in TRIALS:
        feed = {}
        for spec in specs:
            shape = [OPEN_SIZE if size is None else size for size in spec["shape"]]
            if spec["shape"][:1] == [None]:
                shape[0] = rows
            if numpy.prod(shape, dtype=float) > reader.MAX_PROBE_ELEMENTS:
                return
            feed[spec["name"]] = _values(_dtype(spec, numpy), shape, random, numpy)
        yield feed


def _dtype(spec: Any, numpy: Any) -> Any:
    kinds = {"float": "float32", "double": "float64", "string": "object"}
    return numpy.dtype(kinds.get(spec["dtype"], spec["dtype"]))


def _values(dtype: Any, shape: list[int], random: Any, numpy: Any) -> Any:
    if dtype.hasobject:
        return numpy.full(shape, "", object)
    if dtype.kind == "f":
        return random.standard_normal(shape).astype(dtype)
    return random.integers(0, 2, shape).astype(dtype)


def _same(one: Any, other: Any, numpy: Any) -> bool:
    if not isinstance(one, numpy.ndarray) or one.dtype.hasobject:
        return bool(repr(one) == repr(other))
    return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


def without_weights(rewritten: Any, model: Any, content: bytes) -> bytes:
    """Each large weight that ``model`` has too is said by where it lies in ``content``."""
    places = _places(model, content)
    for tensor in rewritten.graph.initializer:
        at = places.get(tensor.raw_data)
        if at is not None:
            tensor.external_data.add(key="offset", value=str(at))
            tensor.external_data.add(key="length", value=str(len(tensor.raw_data)))
            tensor.data_location = EXTERNAL
            tensor.ClearField("raw_data")
    written: bytes = rewritten.SerializeToString()
    return written


def _places(model: Any, content: bytes) -> dict[bytes, int]:
    """``content`` has the weights in the order in which ``model`` lists them."""
    places, at = {}, 0
    for tensor in model.graph.initializer:
        weights = tensor.raw_data
        if len(weights) >= LEAST_BYTES and (found := content.find(weights, at)) >= 0:
            places[weights] = found
            at = found + len(weights)
    return places


def _reader() -> Any:
    """``onnx_reader``, from beside this file: nothing else here is on the import path."""
    path = Path(__file__).with_name("onnx_reader.py")
    spec = importlib.util.spec_from_file_location("onnx_reader", path)
    if spec is None or spec.loader is None:
        raise ImportError(path.name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    reader = _reader()
    reader.limit(int(sys.argv[1]))
    answer = reader.private_stdout()
    try:
        import numpy as np
        import onnx
        import onnxruntime
    except ImportError:
        answer("ready")
        answer(None)
        return
    answer("ready")
    try:
        golden = json.loads(sys.argv[2])
        answer(optimised(sys.stdin.buffer.read(), golden, reader, onnx, onnxruntime, np))
    except Exception:  # noqa: BLE001 - whatever stands in the way, the model is served as it is
        answer(None)


if __name__ == "__main__":
    main()
