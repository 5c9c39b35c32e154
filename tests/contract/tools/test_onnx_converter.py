"""What a training made is served as it answered there, or is not written at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ladle
from ladle.errors import LadleError
from ladle.quality.reference import Reference
from ladle_runtime.backends.onnx import load

RANDOM = np.random.default_rng(1)
ROWS = RANDOM.standard_normal((200, 4)).astype(np.float32)
WITH_MISSING = np.where(RANDOM.random(ROWS.shape) < 0.2, np.nan, ROWS).astype(np.float32)
CLASSES = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(np.int64)


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(20, random_state=1),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(
            make_column_transformer((StandardScaler(), [0, 2]), remainder="passthrough"),
            LogisticRegression(),
        ),
    ],
    ids=["linear", "forest", "pipeline", "columns"],
)
def test_a_classifier_gives_its_class_and_its_probabilities(estimator: Any) -> None:
    estimator.fit(ROWS, CLASSES)
    backend = load(ladle.to_onnx(estimator, ROWS), 1)
    answer = backend.run({"X": ROWS[:5]})
    np.testing.assert_array_equal(answer["label"], estimator.predict(ROWS[:5]))
    np.testing.assert_allclose(
        answer["probabilities"], estimator.predict_proba(ROWS[:5]), atol=1e-4
    )


def test_a_regressor_gives_its_number() -> None:
    model = GradientBoostingRegressor(random_state=1).fit(ROWS, ROWS.sum(axis=1))
    (answer,) = load(ladle.to_onnx(model, ROWS), 1).run({"X": ROWS[:5]}).values()
    np.testing.assert_allclose(answer[:, 0], model.predict(ROWS[:5]), rtol=1e-3, atol=1e-3)


def test_what_answers_otherwise_is_refused_with_how_often() -> None:
    model = LogisticRegression().fit(ROWS, CLASSES)
    model.predict = lambda rows: 1 - LogisticRegression.predict(model, rows)
    with pytest.raises(LadleError) as error:
        ladle.to_onnx(model, ROWS)
    assert error.value.code == "LD336"
    assert "200 of 200" in str(error.value)


def test_what_no_converter_knows_is_refused_with_the_way_out() -> None:
    class Own:
        def predict(self, rows: Any) -> Any:
            return rows[:, 0]

    with pytest.raises(LadleError) as error:
        ladle.to_onnx(Own(), ROWS)
    assert error.value.code == "LD335"
    assert "predict.py" in error.value.finding.fix


def test_rows_with_missing_values_are_proved_and_said() -> None:
    model = make_pipeline(SimpleImputer(), LogisticRegression()).fit(WITH_MISSING, CLASSES)
    backend = load(ladle.to_onnx(model, WITH_MISSING), 1)
    assert [spec.missing for spec in backend.signature.inputs] == [True]
    labels = backend.run({"X": WITH_MISSING})["label"]
    np.testing.assert_array_equal(labels, model.predict(WITH_MISSING))
    assert not load(ladle.to_onnx(model, ROWS), 1).signature.inputs[0].missing


def test_a_converter_that_loses_the_way_of_missing_values_is_found_out() -> None:
    model = RandomForestClassifier(20, random_state=1).fit(WITH_MISSING, CLASSES)
    with pytest.raises(LadleError) as error:
        ladle.to_onnx(model, WITH_MISSING)
    assert error.value.code == "LD336"


def test_the_file_says_what_the_training_rows_were_like() -> None:
    model = LogisticRegression().fit(ROWS, CLASSES)
    backend = load(ladle.to_onnx(model, ROWS), 1)
    assert backend.reference is not None
    reference = Reference.from_json(backend.reference)
    assert reference is not None
    assert [c.name for c in reference.columns if c.is_input] == [f"X[{k}]" for k in range(4)]
    assert all(sum(c.counts) == len(ROWS) for c in reference.columns)


def told(content: bytes) -> Reference:
    written = load(content, 1).reference
    assert written is not None
    reference = Reference.from_json(written)
    assert reference is not None
    return reference


def test_a_file_of_any_origin_learns_what_its_training_rows_were_like() -> None:
    """As ``to_onnx`` writes it; what the file said before stays."""
    model = LogisticRegression().fit(ROWS, CLASSES)
    made = ladle.to_onnx(model, ROWS)
    bare = onnx.load_from_string(made)
    del bare.metadata_props[:]
    bare.metadata_props.add(key="author", value="us")
    content = ladle.with_reference(bare.SerializeToString(), ROWS)
    assert told(content) == told(made)
    assert next(p.value for p in onnx.load_from_string(content).metadata_props) == "us"


def test_a_reference_is_replaced_by_that_of_other_rows() -> None:
    made = ladle.to_onnx(LogisticRegression().fit(ROWS, CLASSES), ROWS)
    content = ladle.with_reference(made, {"X": ROWS[:50]})
    assert all(sum(c.counts) == 50 for c in told(content).columns)
    assert len(onnx.load_from_string(content).metadata_props) == 1


@pytest.mark.parametrize(("rows", "asked"), [(200, 200), (203, 200)])
def test_a_model_that_is_made_for_some_rows_at_a_time_is_asked_so(rows: int, asked: int) -> None:
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [8, 2])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [8, 2])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)])
    model.ir_version = 10
    columns = told(
        ladle.with_reference(model.SerializeToString(), RANDOM.random((rows, 2)))
    ).columns
    assert [sum(c.counts) for c in columns if not c.is_input] == [asked, asked]


def test_rows_that_the_model_does_not_take_are_refused_with_the_way_out() -> None:
    made = ladle.to_onnx(LogisticRegression().fit(ROWS, CLASSES), ROWS)
    with pytest.raises(LadleError) as error:
        ladle.with_reference(made, ROWS[:, :3])
    assert error.value.code == "LD344"
