"""A trained estimator becomes ONNX in the process that trained it, and answers as it did, or is refused.

So nobody opens a pickle: the estimator never leaves the memory of its own training. scikit-learn
(pipelines too) goes by skl2onnx, XGBoost and LightGBM by onnxmltools; neither is needed to serve.
"""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Mapping
from typing import Any, Final

from ladle.errors import LadleError
from ladle.experiments.signature import MISSING_KEY
from ladle.quality.reference import KEY
from ladle.tools.onnx_reference import MOST_ROWS, with_metadata
from ladle.tools.reference_rows import reference_of

OPSET: Final = 21
TOLERANCE: Final = 1e-4  # of scores and numbers, relative and absolute; classes are equal or not
_GRADIENT_BOOSTING: Final = {"xgboost": "convert_xgboost", "lightgbm": "convert_lightgbm"}


def to_onnx(
    estimator: Any, rows: Any, *, opset: int = OPSET, tolerance: float = TOLERANCE
) -> bytes:
    """The estimator as an ONNX file: ``path.write_bytes(ladle.to_onnx(model, train))``.

    ``rows`` is what it predicts from: a two-dimensional array, or a data frame for a pipeline that
    picks columns by name. At most 10,000 of them are predicted by both, and every answer compared; how
    often their values were how large goes into the file, as what drift is measured against. Where they
    hold NaN, the file says that it takes missing values.

    Raises LadleError LD335 (no converter for it) or LD336 (the file answers otherwise).
    """
    rows = rows[:MOST_ROWS]
    kind = type(estimator).__module__.partition(".")[0]
    if kind in _GRADIENT_BOOSTING:
        content = _boosted(estimator, rows, kind, min(opset, 15))
    else:
        content = _scikit_learn(estimator, rows, opset)
    inputs, outputs = _prove(estimator, rows, content, tolerance)
    return _with_metadata(content, inputs, outputs)


def _scikit_learn(estimator: Any, rows: Any, opset: int) -> bytes:
    convert = _converter("skl2onnx", "to_onnx", "ladle[train]")
    plain: dict[str, Any] = {"zipmap": False} if hasattr(estimator, "predict_proba") else {}
    try:
        made = convert(estimator, rows[:1], options=plain or None, target_opset=opset)
    except Exception as error:  # a class of its own for each kind of estimator that is unknown
        raise _no_converter(estimator, error) from error
    content: bytes = made.SerializeToString()
    return content


def _boosted(estimator: Any, rows: Any, kind: str, opset: int) -> bytes:
    convert = _converter("onnxmltools", _GRADIENT_BOOSTING[kind], "onnxmltools")
    floats = _converter("onnxmltools.convert.common.data_types", "FloatTensorType", "onnxmltools")
    more = {"zipmap": False} if kind == "lightgbm" else {}
    try:
        inputs = [("X", floats([None, rows.shape[1]]))]
        made = convert(estimator, initial_types=inputs, target_opset=opset, **more)
    except Exception as error:
        raise _no_converter(estimator, error) from error
    content: bytes = made.SerializeToString()
    return content


def _converter(module: str, name: str, package: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise LadleError(
            "LD335", f"{module} is missing, which writes ONNX", f"pip install '{package}'"
        ) from error


def _no_converter(estimator: Any, error: Exception) -> LadleError:
    said = (str(error).strip().splitlines() or [""])[0][:200]
    return LadleError(
        "LD335",
        f"{type(estimator).__name__} cannot be written as ONNX: {type(error).__name__} {said}",
        "use an estimator that skl2onnx or onnxmltools knows, or serve a predict.py",
    )


def _with_metadata(content: bytes, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> bytes:
    """What serving will compare its rows with, and which inputs were proved with missing values."""
    said = {KEY: reference_of(inputs, outputs).to_json()}
    missing = [name for name, values in inputs.items() if _holds_nan(values)]
    if missing:
        said[MISSING_KEY] = json.dumps(missing)
    return with_metadata(content, said)


def _holds_nan(values: Any) -> bool:
    np = importlib.import_module("numpy")
    return values.dtype.kind == "f" and bool(np.isnan(values).any())


def _prove(
    estimator: Any, rows: Any, content: bytes, tolerance: float
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What was asked of the file, and answered as the estimator does."""
    np = importlib.import_module("numpy")
    os.putenv("ORT_DISABLE_TELEMETRY", "1")  # asked once, when it is imported
    session = importlib.import_module("onnxruntime").InferenceSession(
        content, providers=["CPUExecutionProvider"]
    )
    names = [given.name for given in session.get_inputs()]
    feeds = _feeds(rows, names, session.get_inputs()[0].type)
    answers = session.run(None, feeds)
    wanted = [estimator.predict(rows)]
    if hasattr(estimator, "predict_proba"):
        wanted.append(estimator.predict_proba(rows))
    for asked, got in zip(wanted, answers, strict=False):
        want = np.asarray(asked)
        given = np.asarray(got).reshape(want.shape)
        if want.dtype.kind == "f":
            same = np.isclose(given, want, rtol=tolerance, atol=tolerance)
        else:
            same = given == want
        if not same.all():
            raise LadleError(
                "LD336",
                f"as ONNX, {type(estimator).__name__} answers otherwise in {int((~same).sum())} of "
                f"{same.size} values",
                "train on float32 (rows.astype('float32')), which is what ONNX computes with; or "
                "state a tolerance that does no harm",
            )
    return feeds, {o.name: a for o, a in zip(session.get_outputs(), answers, strict=True)}


def _feeds(rows: Any, names: list[str], kind: str) -> Mapping[str, Any]:
    """A data frame feeds one input a column, an array the only one."""
    if hasattr(rows, "columns"):
        return {name: rows[[name]].to_numpy() for name in names}
    return {names[0]: rows.astype("float64" if kind == "tensor(double)" else "float32")}
