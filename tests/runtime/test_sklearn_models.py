"""Models as scikit-learn and its converter make them are served whole: texts, columns, maps."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tests.runtime.onnx_nodes import SETTINGS, Silent

from ladle.disk.clock import SystemClock
from ladle_runtime.backends import onnx as backend
from ladle_runtime.serving import hot_route
from ladle_runtime.serving.codecs.inference_v2 import InferenceV2
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.transform import Transform

AGES = [[20.0], [30.0], [60.0], [70.0]] * 5
CITIES = ["Ulm", "Bonn", "Ulm", "Bonn"] * 5


def served(model: Any, **options: Any) -> Service:
    content = to_onnx(model, target_opset=21, **options).SerializeToString()
    loaded = backend.load(content, 1)
    return Service(SETTINGS, loaded, Transform(), Silent(), SystemClock())


def ask(service: Service, body: Any) -> Any:
    answer = hot_route.predict(json.dumps(body).encode(), {}, service)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["predictions"]


@pytest.mark.parametrize(
    ("classes", "wanted"), [(["no", "yes"], "yes"), ([0, 1], 1)], ids=["text", "numbers"]
)
def test_a_classifier_shows_its_label_and_a_map_of_probabilities(classes: Any, wanted: Any) -> None:
    ages = np.array(AGES, np.float32)
    labels = np.array([classes[int(age[0] > 45)] for age in AGES])
    service = served(LogisticRegression().fit(ages, labels), X=ages[:1])
    [prediction] = ask(service, {"inputs": [[65.0]]})
    assert prediction["output_label"] == wanted
    assert prediction["output_probability"].keys() == {str(name) for name in classes}
    assert prediction["output_probability"][str(wanted)] > 0.5


def test_the_map_has_a_form_in_the_open_inference_protocol() -> None:
    ages = np.array(AGES, np.float32)
    labels = np.array(["old" if age[0] > 45 else "young" for age in AGES])
    service = served(LogisticRegression().fit(ages, labels), X=ages[:1])
    tensor = {"name": "X", "shape": [2, 1], "datatype": "FP32", "data": [20, 70]}
    body = json.dumps({"inputs": [tensor]}).encode()
    outputs = json.loads(hot_route.predict(body, {}, service, InferenceV2.of).body)["outputs"]
    assert [output["datatype"] for output in outputs] == ["BYTES", "BYTES"]
    assert outputs[0]["data"] == ["young", "old"]
    assert json.loads(outputs[1]["data"][1])["old"] > 0.5


def test_columns_of_several_types_are_inputs_by_name() -> None:
    rows = zip(AGES, CITIES, [1.0, 2.0, 3.0, 4.0] * 5, strict=True)
    table = np.array([[age[0], city, visits] for age, city, visits in rows], dtype=object)
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), [0, 2]),
            ("words", OneHotEncoder(handle_unknown="ignore"), [1]),
        ]
    )
    labels = np.array(["old" if age[0] > 45 else "young" for age in AGES])
    service = served(
        make_pipeline(columns, LogisticRegression()).fit(table, labels),
        initial_types=[
            ("age", FloatTensorType([None, 1])),
            ("city", StringTensorType([None, 1])),
            ("visits", FloatTensorType([None, 1])),
        ],
    )
    columns_way = {"age": [20, 70], "city": ["Ulm", "Nowhere"], "visits": [1, 4]}
    records_way = [
        {"age": 20, "city": "Ulm", "visits": 1},
        {"age": 70, "city": "Nowhere", "visits": 4},
    ]
    rows_way = [[20, "Ulm", 1], [70, "Nowhere", 4]]
    for way in (columns_way, records_way, rows_way):
        assert [p["output_label"] for p in ask(service, {"inputs": way})] == ["young", "old"]


def test_a_regression_of_whole_numbers() -> None:
    ages = np.array(AGES).astype(np.int64)
    model = LinearRegression().fit(ages, ages.ravel() * 2)
    service = served(model, initial_types=[("age", Int64TensorType([None, 1]))])
    [prediction] = ask(service, {"inputs": [[21]]})
    assert prediction["variable"] == pytest.approx([42])
