"""The ONNX package's own models of one operator each, asked of a server in both forms of a tensor."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper

from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle_runtime.backends import onnx as backend
from ladle_runtime.serving.codecs import v2_tensors
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.settings import Settings
from ladle_runtime.serving.transform import Transform

SPEC = {"type": "generic", "backend": "onnx", "key": "$.y", "window_s": 60, "threads": 1}
SETTINGS = Settings.from_environment(
    {"LADLE_MODEL": "node", "LADLE_MODEL_FILE": "model.onnx", "LADLE_SPEC": json.dumps(SPEC)}
)
INFER = "/v2/models/node/infer"
JSON_LENGTH = "inference-header-content-length"
LAST_PLACES = 8

Headers = Mapping[str, str]
Asked = tuple[int, Headers, bytes]
Ask = Callable[[str, Headers, bytes], Asked]  # POST path, headers, body -> status, headers, body

# What a refusal at load says -> the reason that is counted.
_REASONS = {
    r"its input \w+ is of type (.+)": r"an input of type \1",
    r"its output \w+ is of type (.+)": r"an output of type \1",
    r".*(?:implementation for|find kernel for) (\w+)\(.*": r"onnxruntime has no kernel for \1",
    r".*error: ([\w.]+:\w+)\(-1\) is not a registered.*": r"onnxruntime does not know \1",
}


class Silent:
    """An event log that forgets."""

    def write(self, line: Any, outcomes: Any) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Case:
    """One request. ``expected`` is what onnxruntime itself answers, ``published`` what ONNX says."""

    name: str
    service: Service
    inputs: Mapping[str, np.ndarray]
    expected: Mapping[str, Any]
    published: Sequence[Any]
    tolerances: tuple[float, float]


def models() -> Sequence[Any]:
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():  # the package divides by zero to find what comes of it
        warnings.simplefilter("ignore")
        return [model for model in load_model_tests(kind="node") if model.model is not None]


def cases_of(model: Any) -> Iterator[Case | str]:
    """Its requests, or the reason why it cannot be served."""
    content = model.model.SerializeToString()
    try:
        loaded = backend.load(content, 1)
    except LadleError as error:
        yield _reason(error)
        return
    service = Service(SETTINGS, loaded, Transform(), Silent(), SystemClock())
    for given, published in model.data_sets:
        names = [spec.name for spec in loaded.signature.inputs]
        inputs = dict(zip(names, map(_array, given), strict=False))
        try:
            expected = loaded.run(inputs)
        except ValueError:
            yield "onnxruntime cannot run it"
            continue
        limits = (model.rtol, model.atol)
        yield Case(model.name, service, inputs, expected, list(published), limits)


def is_finite(case: Case) -> bool:
    """NaN and infinity are refused at the door: JSON has neither."""
    return all(v.dtype.kind != "f" or np.isfinite(v).all() for v in case.inputs.values())


def is_as_published(case: Case) -> bool:
    """Whether onnxruntime agrees with the package: where it does not, that is no matter of ours."""
    values = zip(case.expected.values(), map(_array, case.published), strict=False)
    return all(_is_close(got, wanted, *case.tolerances) for got, wanted in values)


def is_steady(case: Case) -> bool:
    """Whether some runs give one answer: a few operators draw random numbers."""
    runs = [case.service.run(case.inputs) for _ in range(5)]
    return all(_is_same(run[name], value) for run in runs for name, value in case.expected.items())


def in_json(case: Case, ask: Ask) -> Mapping[str, Any]:
    """The outputs of a request and an answer in JSON. Fails for any status but 200."""
    tensors = [_described(n, v) | {"data": v.ravel().tolist()} for n, v in case.inputs.items()]
    status, _, body = ask(INFER, {}, json.dumps({"inputs": tensors}).encode())
    assert status == 200, (case.name, body)
    outputs = json.loads(body)["outputs"]
    return {o["name"]: _from_list(o, _kind(case.expected[o["name"]])) for o in outputs}


def in_bytes(case: Case, ask: Ask) -> Mapping[str, Any]:
    """The same as bytes behind the JSON, both ways."""
    pieces = {name: v2_tensors.to_bytes(value) for name, value in case.inputs.items()}
    tensors = [
        _described(name, value) | {"parameters": {"binary_data_size": len(pieces[name])}}
        for name, value in case.inputs.items()
    ]
    head = json.dumps({"inputs": tensors, "parameters": {"binary_data_output": True}}).encode()
    headers = {JSON_LENGTH: str(len(head)), "content-type": "application/octet-stream"}
    status, answered, body = ask(INFER, headers, head + b"".join(pieces.values()))
    assert status == 200, (case.name, body)
    at = int(answered[JSON_LENGTH])
    found = {}
    for output in json.loads(body[:at])["outputs"]:
        size = output["parameters"]["binary_data_size"]
        found[output["name"]] = _from_bytes(
            output, _kind(case.expected[output["name"]]), body[at : at + size]
        )
        at += size
    assert at == len(body)
    return found


def is_equal(case: Case, found: Mapping[str, Any], as_json: bool) -> bool:
    """Only in JSON is a number that is none written as null."""
    return found.keys() == case.expected.keys() and all(
        _is_same(found[name], _as_json(value) if as_json else value)
        for name, value in case.expected.items()
    )


def _reason(error: LadleError) -> str:
    said = str(error).partition("as ONNX: ")[2].split("\n")[0].strip()
    for pattern, reason in _REASONS.items():
        if match := re.fullmatch(pattern, said):
            return match.expand(reason)
    return "onnxruntime refuses the graph"


def _array(value: Any) -> Any:
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, list) or value is None:
        return value
    array = np.asarray(value)
    return array.astype(object) if array.dtype.kind in "US" else array


def _described(name: str, value: np.ndarray) -> dict[str, Any]:
    return {"name": name, "shape": list(value.shape), "datatype": v2_tensors.datatype_of(value)}


def _kind(value: Any) -> np.dtype[Any]:
    return value.dtype if isinstance(value, np.ndarray) else np.dtype(object)


def _from_list(output: Mapping[str, Any], kind: np.dtype[Any]) -> np.ndarray:
    array = np.empty(len(output["data"]), dtype=object)
    array[:] = output["data"]
    if kind.kind == "f":
        array[[value is None for value in array]] = np.nan
    return array.reshape(output["shape"]).astype(kind)


def _from_bytes(output: Mapping[str, Any], kind: np.dtype[Any], content: bytes) -> np.ndarray:
    if kind.kind != "O":
        return np.frombuffer(content, kind).reshape(output["shape"])
    texts, at = [], 0
    while at < len(content):
        end = at + 4 + int.from_bytes(content[at : at + 4], "little")
        texts.append(content[at + 4 : end].decode())
        at = end
    return np.array(texts, dtype=object).reshape(output["shape"])


def _as_json(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.where(np.isfinite(value), value, np.nan).astype(value.dtype)
    return value


def _is_same(found: Any, wanted: Any) -> bool:
    if not isinstance(wanted, np.ndarray):  # a sequence: each of its values is one JSON text
        rows = wanted if isinstance(wanted, list) else [wanted]
        texts = found.tolist() if isinstance(found, np.ndarray) else found
        return len(texts) == len(rows) and all(map(_is_text_of, texts, rows))
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return False
    return (
        _is_equal_number(found, wanted)
        if wanted.dtype.kind == "f"
        else bool((found == wanted).all())
    )


def _is_text_of(text: Any, row: Any) -> bool:
    found = json.loads(text) if isinstance(text, str) else text
    wanted = row.tolist() if isinstance(row, np.ndarray) else row
    if isinstance(row, np.ndarray) and row.dtype.kind == "f":
        return _is_equal_number(np.asarray(found, row.dtype), row)
    return bool(found == wanted) if not isinstance(found, np.ndarray) else _is_same(found, row)


def _is_equal_number(found: np.ndarray, wanted: np.ndarray) -> bool:
    """Or a few units of the last place off: sums are made in an order that the place of their
    terms in memory decides."""
    finite = np.where(np.isfinite(wanted), np.abs(wanted), 0)
    limit = LAST_PLACES * float(np.finfo(wanted.dtype).eps) * float(finite.max(initial=0))
    return np.allclose(found.astype(float), wanted.astype(float), 0, limit, equal_nan=True)


def _is_close(got: Any, wanted: Any, rtol: float, atol: float) -> bool:
    if isinstance(wanted, list) and isinstance(got, list):
        return len(got) == len(wanted) and all(
            _is_close(one, _array(other), rtol, atol)
            for one, other in zip(got, wanted, strict=True)
        )
    if not isinstance(got, np.ndarray) or not isinstance(wanted, np.ndarray):
        return got is wanted
    if got.shape != wanted.shape:
        return False
    if got.dtype.kind != "f":
        return bool((got == wanted).all())
    return np.allclose(got.astype(float), wanted.astype(float), rtol, atol, equal_nan=True)
