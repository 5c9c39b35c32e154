"""ONNX models run in onnxruntime on the CPU, with as many threads as were asked for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from mmap import mmap
from pathlib import Path
from typing import Any, Final

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort

from ladle.errors import LadleError
from ladle.experiments.signature import MISSING_KEY, Signature, TensorSpec
from ladle.quality.reference import KEY
from ladle_runtime.backends.onnx_weights import outline, placed

_TENSOR: Final = re.compile(r"tensor\((\w+)\)")
_GPU: Final = "CUDAExecutionProvider"
_CPU: Final = "CPUExecutionProvider"
_KIND: Final = re.compile(r"(?<!\w)\w+(?!\w|\()")  # in seq(map(int64,tensor(float))): int64, float
_WEIGHTS_FOLDER: Final = "session.model_external_initializers_file_folder_path"
_FATAL_ONLY: Final = 4  # lower levels print what was in a request
# Every dtype that numpy has too; bfloat16, float8 and int4 have no place in JSON or numpy.
_DTYPES: Final = frozenset(
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
# What a run ends with when sizes or values do not go together; no message of these is shown.
_VALUE_ERRORS: Final = (ort.Fail, ort.InvalidArgument, ort.NotImplemented, ort.RuntimeException)
_LOAD_ERRORS: Final = (
    ort.Fail,
    ort.InvalidArgument,
    ort.InvalidGraph,
    ort.InvalidProtobuf,
    ort.NotImplemented,
    ort.NoSuchFile,
    ort.RuntimeException,
    RuntimeError,
    ValueError,
)


class OnnxBackend:
    """One inference session. ``graph`` says whose graph it runs."""

    def __init__(self, session: onnxruntime.InferenceSession, graph: str = "original") -> None:
        self._session = session
        self.graph = graph
        # The session's own ``run`` compares names that are held to the signature already: 0.6 µs.
        self._run = session._sess.run
        self._names = [output.name for output in session.get_outputs()]
        said = session.get_modelmeta().custom_metadata_map
        self.signature = Signature(
            _with_missing(_specs(session.get_inputs()), said.get(MISSING_KEY)),
            _specs(session.get_outputs()),
        )
        self.reference: str | None = said.get(KEY)
        for spec in self.signature.inputs:
            if spec.dtype not in _DTYPES:
                raise _unusable(f"its input {spec.name} is of type {spec.dtype}")
        for spec in self.signature.outputs:
            if not _DTYPES.issuperset(_KIND.findall(spec.dtype)):
                raise _unusable(f"its output {spec.name} is of type {spec.dtype}")

    def run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            values = self._run(self._names, dict(inputs), None)
        except _VALUE_ERRORS as error:
            raise ValueError("the graph refuses these values") from error
        return dict(zip(self._names, values, strict=True))


def load(
    content: bytes | mmap,
    threads: int,
    file: Path | None = None,
    code_folder: str = ".",
    sha256: str | None = None,
) -> OnnxBackend:
    try:
        if file is not None and (graph := _optimised_graph(file.name, code_folder, sha256)):
            with suppress(*_LOAD_ERRORS):  # then the model is loaded as it is
                return OnnxBackend(_session(graph, threads, file, is_ready=True), "optimised")
        outlined = None if file is None else outline(content, file.name)
        session = _session(outlined or bytes(content), threads, file if outlined else None)
    except _LOAD_ERRORS as error:
        raise _unusable(str(error)[:300]) from error
    if _GPU in onnxruntime.get_available_providers() and _GPU not in session.get_providers():
        raise _unusable("this is the image of a GPU, and no GPU or a driver too old for it is here")
    return OnnxBackend(session)


def _optimised_graph(file_name_of_model: str, code_folder: str, sha256: str | None) -> bytes | None:
    """That of the very model whose hash was found right, for this onnxruntime on this processor."""
    if sha256 is None or _GPU in onnxruntime.get_available_providers():
        return None
    from ladle.experiments.optimised import file_name  # which a small model does not need

    name = file_name(sha256, onnxruntime.__version__, os.uname().machine)
    try:
        return placed(Path(code_folder, name).read_bytes(), file_name_of_model)
    except OSError:
        return None


def _session(
    graph: bytes, threads: int, weights: Path | None = None, is_ready: bool = False
) -> onnxruntime.InferenceSession:
    """``weights`` is the file that we named in the graph, if we did."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    if threads > 1:  # a spinning thread burns the share of CPU that a function is given
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if weights is not None:
        options.add_session_config_entry(_WEIGHTS_FOLDER, str(weights.parent))
    if is_ready:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(graph, sess_options=options, providers=_providers())


def _providers() -> list[str]:
    """The GPU's where the image was made for one; its libraries lie among our packages."""
    if _GPU not in onnxruntime.get_available_providers():
        return [_CPU]
    onnxruntime.preload_dlls(directory="")
    return [_GPU, _CPU]


def _specs(nodes: Sequence[Any]) -> tuple[TensorSpec, ...]:
    """A dimension that has a name or nothing instead of a size may have any."""
    return tuple(
        TensorSpec(
            node.name,
            match.group(1) if (match := _TENSOR.fullmatch(node.type)) else node.type,
            tuple(d if isinstance(d, int) and d >= 0 else None for d in node.shape)
            if match
            else (),
        )
        for node in nodes
    )


def _with_missing(inputs: tuple[TensorSpec, ...], said: str | None) -> tuple[TensorSpec, ...]:
    """Those that the file names take NaN for a value that is not known."""
    if said is None:
        return inputs
    try:
        names = json.loads(said)
        if not isinstance(names, list) or not {spec.name for spec in inputs}.issuperset(names):
            raise ValueError("it names something else")
        return tuple(replace(spec, missing=spec.name in names) for spec in inputs)
    except (ValueError, TypeError, RecursionError) as error:
        raise _unusable(f"its {MISSING_KEY} is no list of its float inputs") from error


def _unusable(why: str) -> LadleError:
    return LadleError(
        "LD424",
        f"the model cannot be served as ONNX: {why}",
        "export it again; `ladle check` loads it as the function does",
    )
