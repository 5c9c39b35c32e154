"""``transform.py`` of a model package is optional code around the model, loaded from its own file.

It may define:

- ``before(inputs)``: a dict of numpy arrays by input name, already held to the signature; returns
  the dict that the model takes.
- ``after(outputs)``: the model's outputs by name; returns the outputs that the answer shows.
- ``INPUTS``: what callers send, where it is not what the model takes: a list of
  ``{"name": …, "dtype": …, "shape": […]}`` in ONNX's words, None for any size; ``"missing": True``
  where NaN is a value that is not known.

To refuse a request, ``before`` raises :class:`ladle.errors.LadleError`: the caller gets a 422. Any
other exception is a failure of the release and counts against it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ladle.errors import LadleError
from ladle.experiments.signature import TensorSpec

Step = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_MODULE = "ladle_model_transform"


def unchanged(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values


@dataclass(frozen=True, slots=True)
class Transform:
    """``inputs`` is None when callers send what the model takes."""

    before: Step = unchanged
    after: Step = unchanged
    inputs: Sequence[TensorSpec] | None = None


def load_transform(name: str | None, folder: str) -> Transform:
    """Raises LadleError LD425 when there is no such file; what the file itself raises goes through."""
    if name is None:
        return Transform()
    path = Path(folder, name).resolve()
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise LadleError(
            "LD425", f"the transform {name} is not there", "check `transform:` in model.yaml"
        )
    if str(path.parent) not in sys.path:  # what lies beside it can be imported
        sys.path.insert(0, str(path.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module
    spec.loader.exec_module(module)
    inputs = getattr(module, "INPUTS", None)
    return Transform(
        getattr(module, "before", unchanged),
        getattr(module, "after", unchanged),
        None if inputs is None else tuple(map(TensorSpec.from_json, inputs)),
    )
