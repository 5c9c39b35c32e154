# long: one file, since the jail starts it by its path and it imports nothing of ours
"""Runs in the jail: reads an ONNX file from stdin, answers one line of JSON, trusts nothing.

Started by its path, so it imports nothing of Ladle. Limits are set before a byte is read; the work
that a graph can cause is counted before anything expands it; then it is loaded and run once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

CPU_SECONDS = 10
MEMORY_BYTES = 4 << 30
MAX_NODES = 100_000  # with every function call expanded
MAX_NODE_RUNS = 10_000_000  # with every Loop unrolled
MAX_PROBE_ELEMENTS = 4_000_000
MAX_NAMED = 1_000  # initialisers and operators that a summary names
MAX_NAME_CHARS = 200
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
EXTERNAL = 1
MISSING_KEY = "ladle.missing"  # as in ladle.experiments.signature
# What a request or an answer can carry; in seq(map(int64,tensor(float))) the words before no bracket.
TYPES = frozenset(
    [
        "float",
        "double",
        "float16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "string",
    ]
)
FLOATS = frozenset(["float", "double", "float16"])
TYPE = re.compile(r"(?<!\w)\w+(?!\w|\()")

Function = tuple[str, str]  # domain, operator


class RefusedError(Exception):
    """Arguments: the code of the refusal, and why."""


def limit(file_bytes: int) -> None:
    """No core file, no file written, few descriptors, an end to memory and time."""
    memory = MEMORY_BYTES + 6 * file_bytes
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, memory),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))


def read(content: bytes, onnx: Any) -> Any:
    """The parsed model. Refuses what is no model, or not a whole one."""
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except Exception as error:  # protobuf's DecodeError; its module moves between versions
        raise RefusedError("LD320", "it is not an ONNX file, or a part of one") from error
    if not (model.ir_version and model.opset_import and model.graph.output):
        raise RefusedError("LD320", "it is not an ONNX file: it states no version and no output")
    return model


def check_tensors(model: Any) -> None:
    """Everything must lie in the file itself: no path is ever followed."""
    for tensor in _tensors(model):
        if tensor.data_location == EXTERNAL or tensor.external_data:
            where = next((e.value for e in tensor.external_data if e.key == "location"), "a file")
            raise RefusedError("LD323", f"its weights lie outside of it, in {where[:80]!r}")


def check_operators(model: Any) -> None:
    functions = {_name(f) for f in model.functions}
    for node in _nodes(model):
        if node.domain not in DOMAINS and _name(node) not in functions:
            raise RefusedError(
                "LD325",
                f"it needs the operator {node.op_type[:60]!r} of {node.domain[:60]!r}, which "
                "no runtime of ours has",
            )


def check_work(model: Any) -> None:
    """Counts nodes as if all functions and loops were written out; counting itself is cheap."""
    nodes, runs = _Work({_name(f): f for f in model.functions}).of_graph(model.graph, {})
    if nodes > MAX_NODES:
        raise RefusedError(
            "LD324", f"its functions expand to {nodes:,} nodes, more than {MAX_NODES:,}"
        )
    if runs > MAX_NODE_RUNS:
        raise RefusedError(
            "LD324", f"its loops would run {runs:,} nodes a request, more than {MAX_NODE_RUNS:,}"
        )


class _Work:
    """Nodes after expansion, and node runs of one request, of every graph and function once."""

    def __init__(self, functions: Mapping[Function, Any]) -> None:
        self._functions = functions
        self._known: dict[Function, tuple[int, int] | None] = {}

    def of_graph(self, graph: Any, outer: Mapping[str, int]) -> tuple[int, int]:
        return self._of(graph.node, {**outer, **{t.name: _scalar(t) for t in graph.initializer}})

    def _of(self, nodes: Any, outer: Mapping[str, int]) -> tuple[int, int]:
        constants, size, runs = dict(outer), 0, 0
        for node in nodes:
            if node.op_type == "Constant" and node.output:
                constants[node.output[0]] = _constant(node)
            inner_size, inner_runs = self._inside(node, constants)
            size, runs = size + 1 + inner_size, runs + 1 + inner_runs
        return size, runs

    def _inside(self, node: Any, constants: Mapping[str, int]) -> tuple[int, int]:
        if _name(node) in self._functions:
            return self._of_function(_name(node))
        bodies = [self.of_graph(g, constants) for g in _graphs(node)]
        size, runs = sum(s for s, _ in bodies), sum(r for _, r in bodies)
        if node.op_type == "Loop" and node.domain in ("", "ai.onnx"):
            rounds = constants.get(node.input[0], -1) if node.input else -1
            if rounds < 0:
                raise RefusedError(
                    "LD324", "it has a Loop that states no fixed number of rounds: it may never end"
                )
            runs *= rounds
        return size, runs

    def _of_function(self, name: Function) -> tuple[int, int]:
        if name not in self._known:
            self._known[name] = None
            self._known[name] = self._of(self._functions[name].node, {})
        known = self._known[name]
        if known is None:
            raise RefusedError("LD324", f"its function {name[1][:60]!r} calls itself")
        return known


def _name(node: Any) -> Function:
    return (node.domain, node.op_type if hasattr(node, "op_type") else node.name)


def _graphs(node: Any) -> Iterator[Any]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _nodes(model: Any) -> Iterator[Any]:
    """Every node at every depth; protobuf itself takes no more than 100 levels."""
    waiting = [model.graph.node, *(f.node for f in model.functions)]
    while waiting:
        for node in waiting.pop():
            yield node
            waiting += [g.node for g in _graphs(node)]


def _tensors(model: Any) -> Iterator[Any]:
    graphs = [model.graph]
    for node in _nodes(model):
        graphs += _graphs(node)
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
    for graph in graphs:
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)


def _constant(node: Any) -> int:
    for attribute in node.attribute:
        if attribute.name == "value_int":
            return int(attribute.i)
        if attribute.name == "value":
            return _scalar(attribute.t)
    return -1


def _scalar(tensor: Any) -> int:
    """A whole number that stands in the file; -1 for anything else."""
    if len(tensor.int64_data) == 1:
        return int(tensor.int64_data[0])
    if tensor.data_type == 7 and len(tensor.raw_data) == 8:
        return int.from_bytes(tensor.raw_data, "little", signed=True)
    return -1


def summary(model: Any, onnx: Any) -> dict[str, Any]:
    """What ``ladle.experiments.graph`` reads: operators counted, initialisers by their content."""
    operators = Counter(
        f"{node.domain}.{node.op_type}".lstrip(".")[:MAX_NAME_CHARS] for node in _nodes(model)
    )
    tensors = [_initialiser(t, onnx) for t in model.graph.initializer[:MAX_NAMED]]
    tables = [row for node in model.graph.node for row in _tables(node)]
    found = tensors + tables[: MAX_NAMED - len(tensors)]
    return {
        "operators": dict(operators.most_common(MAX_NAMED)),
        "initialisers": found,
        "more": len(model.graph.initializer) + len(tables) - len(found),
    }


def _tables(node: Any) -> Iterator[dict[str, Any]]:
    """Trees and linear models of ai.onnx.ml keep their weights in attributes."""
    for attribute in node.attribute:
        if len(attribute.floats) > 1:
            yield {
                "name": f"{node.name or node.op_type}.{attribute.name}"[:MAX_NAME_CHARS],
                "dtype": "float",
                "shape": [len(attribute.floats)],
                "digest": hashlib.sha256(
                    ",".join(map(repr, attribute.floats)).encode()
                ).hexdigest()[:16],
            }


def _initialiser(tensor: Any, onnx: Any) -> dict[str, Any]:
    """The digest is of the values: the tensor without its name."""
    nameless = onnx.TensorProto()
    nameless.CopyFrom(tensor)
    nameless.ClearField("name")
    return {
        "name": tensor.name[:MAX_NAME_CHARS],
        "dtype": onnx.TensorProto.DataType.Name(tensor.data_type).lower(),
        "shape": list(tensor.dims),
        "digest": hashlib.sha256(nameless.SerializeToString(deterministic=True)).hexdigest()[:16],
    }


def load(content: bytes, ort: Any) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each of its status codes
        raise RefusedError("LD326", f"onnxruntime cannot load it: {_first_line(error)}") from error


def specs(nodes: Any) -> list[dict[str, Any]]:
    """As serving reads them: a size that is a name or nothing may be any."""
    return [
        {
            "name": node.name,
            "dtype": node.type.removeprefix("tensor(").removesuffix(")")
            if node.type.startswith("tensor(")
            else node.type,
            "shape": [d if isinstance(d, int) and d >= 0 else None for d in node.shape]
            if node.type.startswith("tensor(")
            else [],
        }
        for node in nodes
    ]


def check_types(inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> None:
    """Serving would refuse it too, but then it is deployed already."""
    for spec in inputs:
        if spec["dtype"] not in TYPES:
            raise RefusedError(
                "LD334",
                f"its input {spec['name'][:60]!r} is of type {spec['dtype'][:60]}, "
                "which no request can carry",
            )
    for spec in outputs:
        if not TYPES.issuperset(TYPE.findall(spec["dtype"])):
            raise RefusedError(
                "LD334",
                f"its output {spec['name'][:60]!r} is of type {spec['dtype'][:60]}, "
                "which no answer can carry",
            )


def mark_missing(inputs: list[dict[str, Any]], session: Any) -> None:
    """Those that the file's metadata names take NaN for a value that is not known."""
    said = session.get_modelmeta().custom_metadata_map.get(MISSING_KEY, "[]")
    floats = {spec["name"]: spec for spec in inputs if spec["dtype"] in FLOATS}
    try:
        names = json.loads(said)
        for name in names:
            floats[name]["missing"] = True
    except (ValueError, TypeError, KeyError, RecursionError):
        names = None
    if not isinstance(names, list):
        raise RefusedError("LD339", f"its {MISSING_KEY} is no list of its float inputs")


def zeros(session: Any, numpy: Any) -> dict[str, Any] | None:
    """One request of zeros; None where it would be too large, or of no type that numpy has."""
    feed = {}
    for spec in specs(session.get_inputs()):
        shape = [1 if d is None else d for d in spec["shape"]]
        kind = {"float": "float32", "double": "float64", "string": "object"}.get(
            spec["dtype"], spec["dtype"]
        )
        elements = 1
        for size in shape:
            elements *= size
        try:
            dtype = numpy.dtype(kind)
        except TypeError:
            return None
        if elements > MAX_PROBE_ELEMENTS:
            return None
        feed[spec["name"]] = (
            numpy.full(shape, "", dtype) if kind == "object" else numpy.zeros(shape, dtype)
        )
    return feed


def run_extremes(model: Any, session: Any, feed: dict[str, Any], numpy: Any) -> None:
    """The least integer divided by -1 ends a process. Where two inputs might meet so, it is tried."""
    integers = [name for name, value in feed.items() if value.dtype.kind == "i"]
    if len(integers) < 2 or not any(node.op_type == "Div" for node in _nodes(model)):
        return
    for first in (0, 1):
        extreme = dict(feed)
        for at, name in enumerate(integers):
            least = numpy.iinfo(feed[name].dtype).min
            extreme[name] = numpy.full_like(feed[name], -1 if at % 2 == first else least)
        run_once(session, extreme)


def run_once(session: Any, feed: dict[str, Any]) -> None:
    """What never ends or eats all memory ends here. Other errors are fine."""
    try:
        session.run(None, feed)
    except Exception as error:
        if isinstance(error, MemoryError) or "alloc" in str(error).lower():
            raise RefusedError(
                "LD327", "one request of it needs more memory than a reader has"
            ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def inspect(content: bytes, onnx: Any, ort: Any, numpy: Any) -> dict[str, Any]:
    model = read(content, onnx)
    checks: tuple[Callable[[Any], None], ...] = (check_tensors, check_operators, check_work)
    for check in checks:
        check(model)
    session = load(content, ort)
    inputs, outputs = specs(session.get_inputs()), specs(session.get_outputs())
    check_types(inputs, outputs)
    mark_missing(inputs, session)
    feed = zeros(session, numpy)
    if feed is not None:
        run_once(session, feed)
        run_extremes(model, session, feed, numpy)
    opsets = {o.domain: o.version for o in model.opset_import}
    return {
        "format": "onnx",
        "opset": opsets.get("", opsets.get("ai.onnx")),
        "inputs": inputs,
        "outputs": outputs,
        "graph": summary(model, onnx),
    }


def main() -> None:
    limit(int(sys.argv[1]))
    answer = private_stdout()
    try:
        import numpy as np
        import onnx
        import onnxruntime
    except ImportError as error:
        answer({"missing": error.name})
        return
    answer("ready")
    try:
        answer(inspect(sys.stdin.buffer.read(), onnx, onnxruntime, np))
    except RefusedError as refusal:
        answer({"refused": list(refusal.args)})
    except (MemoryError, RecursionError):
        answer({"refused": ["LD327", "reading it needs more memory than a reader has"]})


def private_stdout() -> Callable[[Any], None]:
    """Answers go where only we write: native code prints to stdout what a file makes it print."""
    pipe = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)

    def answer(data: Any) -> None:
        pipe.write(json.dumps(data) + "\n")
        pipe.flush()

    return answer


if __name__ == "__main__":
    main()
