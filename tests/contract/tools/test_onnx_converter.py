"""What a training made is served as it answered there, or is not written at all."""

from __future__ import annotations

from typing import Any

import numpy as np
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
