"""A model file learns what it was asked and answered in training, which is what drift is measured against."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any, Final

from ladle.errors import LadleError
from ladle.quality.reference import KEY
from ladle.tools.reference_rows import reference_of

MOST_ROWS: Final = 10_000
_AT_ONCE: Final = 256
_NUMPY: Final = {
    "float": "float32",
    "double": "float64",
    "string": "object",
}  # others by their name


def with_reference(model: bytes, rows: Any) -> bytes:
    """An ONNX file of any origin that knows its training's rows:
    ``path.write_bytes(ladle.with_reference(path.read_bytes(), rows))``.

    ``rows`` are as the model takes them: an array for its only input, a data frame with a column for
    each, or arrays by name. At most 10,000 of them are predicted, and how often values of inputs and
    outputs were how large goes into the file; no value of a row does. ``ladle.to_onnx`` does it itself.

    Raises LadleError LD344 where the model cannot be asked with these rows.
    """
    os.putenv("ORT_DISABLE_TELEMETRY", "1")  # asked once, when it is imported
    runtime = importlib.import_module("onnxruntime")
    try:
        session = runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
        asked = {given.name: _column(rows, given) for given in session.get_inputs()}
        answered = _answers(session, asked)
    except Exception as error:  # classes of onnxruntime's own, and numpy's and pandas'
        said = (str(error).strip().splitlines() or [""])[0][:200]
        raise LadleError(
            "LD344",
            f"the model cannot be asked with these rows: {type(error).__name__} {said}",
            "give the rows as the model takes them: an array, a data frame, or arrays by input",
        ) from error
    return with_metadata(model, {KEY: reference_of(asked, answered).to_json()})


def with_metadata(model: bytes, added: Mapping[str, str]) -> bytes:
    """The file with these keys; what it said under them before is replaced."""
    parsed = importlib.import_module("onnx").load_from_string(model)
    kept = [(p.key, p.value) for p in parsed.metadata_props if p.key not in added]
    del parsed.metadata_props[:]
    for key, value in (*kept, *added.items()):
        parsed.metadata_props.add(key=key, value=value)
    written: bytes = parsed.SerializeToString()
    return written


def _column(rows: Any, given: Any) -> Any:
    """What goes to one input of the model."""
    np = importlib.import_module("numpy")
    named = isinstance(rows, Mapping) or hasattr(rows, "columns")
    values = np.asarray(rows[given.name] if named else rows)[:MOST_ROWS]
    kind = given.type.removeprefix("tensor(").removesuffix(")")
    values = values.astype(_NUMPY.get(kind, kind))
    return values[:, None] if values.ndim == 1 and len(given.shape) == 2 else values


def _answers(session: Any, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """A few rows at a time: as many as the model is made for, where it is made for a number. What
    then remains is not asked.
    """
    np = importlib.import_module("numpy")
    fixed = [g.shape[0] for g in session.get_inputs() if g.shape and isinstance(g.shape[0], int)]
    size, rows = (fixed or [_AT_ONCE])[0], min(map(len, asked.values()))
    last = rows - rows % size if fixed else rows
    parts = [
        session.run(None, {name: values[k : k + size] for name, values in asked.items()})
        for k in range(0, last, size)
    ]
    names = [output.name for output in session.get_outputs()]
    each = zip(names, zip(*parts, strict=True), strict=True) if parts else ()
    return {n: np.concatenate(found) for n, found in each if isinstance(found[0], np.ndarray)}
