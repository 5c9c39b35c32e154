"""A user's ``predict.py`` is run as it was released; what it returns is held to what it states.

``ladle.experiments.predict_code`` says how such a file is written. It runs once, when the process
starts; ``THREADS`` is set before, for libraries that want to be told.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from mmap import mmap
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from ladle.errors import LadleError
from ladle.experiments.predict_code import read_predict_code
from ladle.experiments.signature import Signature, TensorSpec

_MODULE: Final = "ladle_predict"
_DTYPES: Final = {"float": "float32", "double": "float64", "string": "object"}


class PredictBackend:
    """One module that was run."""

    graph = "original"

    def __init__(self, module: ModuleType, signature: Signature) -> None:
        self.signature = signature
        self.reference: str | None = None
        self._predict = module.predict

    def run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        outputs = self._predict(dict(inputs))
        names = [spec.name for spec in self.signature.outputs]
        if not isinstance(outputs, Mapping) or set(outputs) != set(names):
            raise TypeError(f"predict did not return a dict of {', '.join(names)}")
        return {spec.name: _held(spec, outputs[spec.name]) for spec in self.signature.outputs}


def load(
    content: bytes | mmap,
    threads: int,
    file: Path | None = None,  # noqa: ARG001 - for formats that map it
    code_folder: str = ".",
    sha256: str | None = None,  # noqa: ARG001 - for formats that something was made of
) -> PredictBackend:
    """What the file itself raises goes through, as the user's own traceback."""
    source = bytes(content)
    try:
        signature = read_predict_code(source).signature
    except LadleError as error:
        raise LadleError("LD424", error.finding.what, error.finding.fix) from error
    folder = Path(code_folder).resolve()
    if str(folder) not in sys.path:  # what lies beside it can be imported
        sys.path.insert(0, str(folder))
    module = ModuleType(_MODULE)
    module.__file__ = str(folder / "predict.py")
    module.THREADS = threads  # type: ignore[attr-defined]
    sys.modules[_MODULE] = module
    # The user's own code, by its released hash: as much trusted as a transform.
    exec(compile(source, module.__file__, "exec"), module.__dict__)  # noqa: S102
    return PredictBackend(module, signature)


def _held(spec: TensorSpec, value: Any) -> Any:
    try:
        array = np.asarray(value, dtype=_DTYPES.get(spec.dtype, spec.dtype))
    except ValueError as error:  # which would say that the caller's values are wrong
        raise TypeError(f"predict returned {spec.name} as no {spec.dtype}") from error
    fits = array.ndim == len(spec.shape) and all(
        size is None or size == given for size, given in zip(spec.shape, array.shape, strict=True)
    )
    if not fits:
        raise TypeError(f"predict returned {spec.name} in the shape {array.shape}")
    return array
