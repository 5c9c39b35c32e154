"""A value that is not known reaches the models that say they take it, in every format, and no other."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from tests.runtime.onnx_nodes import SETTINGS, Silent

from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle.experiments.signature import MISSING_KEY
from ladle.tools.model_jail import ModelJail
from ladle_runtime.backends.onnx import load
from ladle_runtime.serving import hot_route
from ladle_runtime.serving.app import build_app
from ladle_runtime.serving.codecs.inference_v2 import InferenceV2
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.transform import Transform

ROWS = np.array([[1, np.nan], [np.nan, 4]], np.float32)
RAW, NPY, CSV = "application/octet-stream", "application/x-npy", "text/csv"
ARROW = "application/vnd.apache.arrow.stream"
DTYPES = {"float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "float16": TensorProto.FLOAT16}


def file_saying(said: str | None, dtype: str = "float") -> bytes:
    of = DTYPES.get(dtype, TensorProto.INT64)
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("IsNaN", ["f"], ["unknown"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", of, [None, 2])],
        [helper.make_tensor_value_info("unknown", TensorProto.BOOL, [None, 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if said is not None:
        helper.set_model_props(model, {MISSING_KEY: said})
    content: bytes = model.SerializeToString()
    return content


def saying_what_is_missing(dtype: str = "float", said: str | None = '["x"]') -> Service:
    backend = load(file_saying(said, dtype), 1)
    return Service(SETTINGS, backend, Transform(), Silent(), SystemClock())


def saved(rows: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def v2(tail: bytes = b"", **tensor: Any) -> tuple[bytes, Mapping[str, str]]:
    named = {"name": "x", "shape": [2, 2], "datatype": "FP32", **tensor}
    head = json.dumps({"inputs": [named]}).encode()
    return head + tail, {"inference-header-content-length": str(len(head))}


def arrow(kind: str) -> bytes:
    pa = pytest.importorskip("pyarrow", reason="needs pyarrow")
    column = pa.array([[1, None], [None, 4]], pa.list_(getattr(pa, kind)()))
    sink = pa.BufferOutputStream()
    table = pa.table({"x": column})
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


Sent = tuple[bytes, Mapping[str, str]]
BODIES: dict[str, Any] = {
    "rows": lambda: (b'{"inputs": [[1, null], [null, 4]]}', {}),
    "columns": lambda: (b'{"inputs": {"x": [[1, null], [null, 4]]}}', {}),
    "records": lambda: (b'{"inputs": [{"x": [1, null]}, {"x": [null, 4]}]}', {}),
    "CSV": lambda: (b"1,\n , 4\n", {"content-type": CSV}),
    "raw": lambda: (ROWS.tobytes(), {"content-type": RAW, "ladle-shape": "2,2"}),
    "npy": lambda: (saved(ROWS), {"content-type": NPY}),
    "npy of doubles": lambda: (saved(ROWS.astype(np.float64)), {"content-type": NPY}),
    "Arrow": lambda: (arrow("float32"), {"content-type": ARROW}),
    "v2, flat": lambda: v2(data=[1, None, None, 4]),
    "v2, nested": lambda: v2(data=[[1, None], [None, 4]]),
    "v2 in bytes": lambda: v2(ROWS.tobytes(), parameters={"binary_data_size": ROWS.nbytes}),
}


def ask(service: Service, sent: Sent) -> tuple[int, Any]:
    body, headers = sent
    choose = [InferenceV2.of] if "inference-header-content-length" in headers else []
    named = {name.encode(): value.encode() for name, value in headers.items()}
    answer = hot_route.predict(body, named, service, *choose)
    return answer.status, json.loads(answer.body)


def unknown(answer: Any) -> Any:
    if "outputs" in answer:
        return np.reshape(answer["outputs"][0]["data"], (2, 2)).tolist()
    return [row["unknown"] for row in answer["predictions"]]


@pytest.mark.parametrize("form", BODIES)
def test_every_format_has_a_form_for_it(form: str) -> None:
    status, answer = ask(saying_what_is_missing(), BODIES[form]())
    assert (status, unknown(answer)) == (200, [[False, True], [True, False]])


@pytest.mark.parametrize("form", BODIES)
def test_a_model_that_says_nothing_of_it_is_never_asked(form: str) -> None:
    status, answer = ask(saying_what_is_missing(said=None), BODIES[form]())
    assert status == 422
    assert answer["code"] == (
        "LD414" if "npy" in form or form in {"raw", "v2 in bytes"} else "LD412"
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_float_can_be_missing(dtype: str) -> None:
    status, answer = ask(saying_what_is_missing(dtype), BODIES["rows"]())
    assert (status, unknown(answer)) == (200, [[False, True], [True, False]])


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (saved(np.array([[1, np.inf]])), {"content-type": NPY}, "LD414"),
        (saved(np.array([[np.nan, 1e300]])), {"content-type": NPY}, "LD414"),
        (b'{"inputs": [[null, 1e39]]}', {}, "LD414"),
        (b'{"inputs": [[null, "1"]]}', {}, "LD412"),
        (b'{"inputs": [[null, true]]}', {}, "LD412"),
        (b'{"inputs": [[NaN, 1]]}', {}, "LD401"),
        (b'{"inputs": [null, null]}', {}, "LD413"),
        (b'{"inputs": null}', {}, "LD410"),
        (b"1,nan", {"content-type": CSV}, "LD412"),
        (b"1,NA", {"content-type": CSV}, "LD412"),
    ],
)
def test_what_is_wrong_beside_it_stays_wrong(
    body: bytes, headers: Mapping[str, str], code: str
) -> None:
    assert ask(saying_what_is_missing(), (body, headers))[1]["code"] == code


def test_integers_in_arrow_stay_integers_where_one_is_missing() -> None:
    sent = (arrow("int64"), {"content-type": ARROW})
    assert ask(saying_what_is_missing(), sent)[1]["code"] == "LD412"


@pytest.mark.parametrize("said", ['["y"]', '"x"', "x", "[1]", "[[]]", "{}", "[" * 100_000])
def test_a_file_that_names_no_input_of_its_own_is_refused(said: str) -> None:
    with pytest.raises(LadleError) as error:
        saying_what_is_missing(said=said)
    assert error.value.code == "LD424"


def test_who_records_the_file_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(file_saying('["x"]'))
    assert ModelJail().inspect(path).signature.inputs[0].missing
    path.write_bytes(file_saying('["y"]'))
    with pytest.raises(LadleError) as error:
        ModelJail().inspect(path)
    assert error.value.code == "LD339"


def test_an_integer_cannot_be_missing() -> None:
    with pytest.raises(LadleError) as error:
        saying_what_is_missing("int64")
    assert error.value.code == "LD424"


def test_callers_are_told() -> None:
    app = build_app(saying_what_is_missing())
    schema = app.openapi()["paths"]["/predict"]["post"]["requestBody"]["content"]
    ways = schema["application/json"]["schema"]["properties"]["inputs"]["anyOf"]
    value = ways[0]["properties"]["x"]["items"]["items"]["anyOf"]
    assert [kind["type"] for kind in value] == ["number", "null"]
