"""A ``predict.py`` says what it takes and gives in literals, so that nobody runs it to know.

- ``INPUTS`` and ``OUTPUTS``: lists of ``{"name": …, "dtype": …, "shape": […]}`` in ONNX's words, None
  for any size; ``"missing": True`` beside them where NaN is a value that is not known.
- ``predict(inputs)``: a dict of numpy arrays by name, already held to ``INPUTS``; returns a dict of
  arrays by the names of ``OUTPUTS``. Several threads may call it at once. ValueError means that these
  values are none that it can take.
- ``FILES``, if it has any: names of files beside it, which are deployed with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ladle.errors import LadleError
from ladle.experiments.signature import Signature

MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PredictCode:
    signature: Signature
    files: tuple[str, ...]


def read_predict_code(source: bytes) -> PredictCode:
    """Reads, runs nothing. Raises LadleError LD337."""
    if len(source) > MAX_BYTES:
        raise _wrong(f"it is longer than {MAX_BYTES} bytes")
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _wrong(f"it is no Python ({type(error).__name__})") from error
    if not any(isinstance(n, ast.FunctionDef) and n.name == "predict" for n in tree.body):
        raise _wrong("it has no function predict")
    said = dict(_literals(tree))
    try:
        read = Signature.from_json({"inputs": said["INPUTS"], "outputs": said["OUTPUTS"]})
        files = tuple(_beside(name) for name in said.get("FILES", ()))
    except KeyError as error:
        raise _wrong(f"it does not state {error} as a literal") from error
    except (TypeError, ValueError) as error:
        raise _wrong(f"INPUTS, OUTPUTS or FILES are malformed: {error}") from error
    return PredictCode(read, files)


def _literals(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and target.id in ("INPUTS", "OUTPUTS", "FILES"):
                yield target.id, _value(target.id, node)


def _value(name: str, node: Any) -> Any:
    try:
        found = ast.literal_eval(node.value)
    except (ValueError, TypeError) as error:
        raise _wrong(f"{name} is computed; write it out") from error
    if not isinstance(found, list | tuple):
        raise _wrong(f"{name} is no list")
    if name != "FILES" and not all(isinstance(row, Mapping) for row in found):
        raise _wrong(f"{name} is no list of objects")
    return found


def _beside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.name:
        raise ValueError(f"{name} leaves the model package")
    return str(path)


def _wrong(why: str) -> LadleError:
    return LadleError(
        "LD337",
        f"the predict.py cannot be served: {why}",
        "state INPUTS and OUTPUTS as literals and define predict(inputs): ladle explain LD337",
    )
