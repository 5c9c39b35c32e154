"""How long a model takes, and whether rows of several requests may share a run: measured, not assumed.

A model whose first axis is open may still let one row's answer depend on another row. Rows are
shared only where a trial gave each row the same answer in company as alone, and was cheaper.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.signature import DTYPES, Array

Run = Callable[[Mapping[str, Any]], Mapping[str, Any]]

_COMPANY: Final = 8  # rows of the trial
_OPEN_SIZE: Final = 4  # of an axis beside the first whose size is open
_TRIAL_S: Final = 0.02  # a slow model is tried once, a quick one until its figure is steady
_WORTH: Final = 0.8  # a shared row costs at most this share of a lone one
_TOLERANCE: Final = 1e-4
_SEED: Final = 7


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of a run: ``fixed_s`` and ``row_s`` for each row."""

    shares_runs: bool
    fixed_s: float
    row_s: float

    def seconds(self, rows: int) -> float:
        return self.fixed_s + rows * self.row_s


UNKNOWN: Final = Pace(shares_runs=False, fixed_s=0.002, row_s=0.0)


def measure(run: Run, inputs: Sequence[TensorSpec]) -> Pace:
    """Never raises: a model that refuses made-up rows is taken for slow, and runs each alone."""
    try:
        return _measure(run, inputs)
    except Exception:  # noqa: BLE001 - made-up rows may be none that this model knows
        return UNKNOWN


def _measure(run: Run, inputs: Sequence[TensorSpec]) -> Pace:
    together = _made_up(inputs)
    alone = {name: value[:1] for name, value in together.items()}
    alone_s = _seconds(run, alone)
    if not all(spec.shape[:1] == (None,) for spec in inputs):
        return Pace(shares_runs=False, fixed_s=alone_s, row_s=0.0)
    together_s = _seconds(run, together)
    row_s = max(0.0, (together_s - alone_s) / (_COMPANY - 1))
    helps = together_s <= _WORTH * _COMPANY * alone_s
    shares = helps and _is_row_by_row(run, together)
    return Pace(shares_runs=shares, fixed_s=max(0.0, alone_s - row_s), row_s=row_s)


def _is_row_by_row(run: Run, together: Mapping[str, Array]) -> bool:
    whole = run(together)
    for row in range(_COMPANY):
        alone = run({name: value[row : row + 1] for name, value in together.items()})
        if not all(_equal(value[row : row + 1], alone[name]) for name, value in whole.items()):
            return False
    return all(len(value) == _COMPANY for value in whole.values())


def _equal(one: Any, other: Any) -> bool:
    if not isinstance(one, np.ndarray):
        return bool(_flat_close(one, other))
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind != "f":
        return bool((one == other).all())
    return np.allclose(one, other, _TOLERANCE, _TOLERANCE, equal_nan=True)


def _flat_close(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Rows of mappings, as classifiers of scikit-learn put out."""
    return len(one) == len(other) and all(
        isinstance(a, Mapping)
        and a.keys() == b.keys()
        and np.allclose(list(a.values()), list(b.values()), _TOLERANCE, _TOLERANCE)
        for a, b in zip(one, other, strict=True)
    )


def _seconds(run: Run, inputs: Mapping[str, Array]) -> float:
    """The shortest of some runs, after one that finds memory and code."""
    run(inputs)
    best, begun = float("inf"), time.perf_counter()
    while (now := time.perf_counter()) - begun < _TRIAL_S:
        run(inputs)
        best = min(best, time.perf_counter() - now)
    return best


def _made_up(inputs: Sequence[TensorSpec]) -> dict[str, Array]:
    random = np.random.default_rng(_SEED)
    return {spec.name: _values(spec, random) for spec in inputs}


def _values(spec: TensorSpec, random: np.random.Generator) -> Array:
    shape = [_OPEN_SIZE if size is None else size for size in spec.shape]
    if spec.shape[:1] == (None,):
        shape[0] = _COMPANY
    dtype = DTYPES[spec.dtype]
    if dtype.hasobject:
        return np.full(shape, "", dtype=object)
    if dtype.kind == "f":
        return random.standard_normal(shape).astype(dtype)
    return random.integers(0, 2, shape).astype(dtype)
