"""The rows that a model was trained on become its reference: bins with equal shares, and their counts."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from ladle.quality.reference import BINS, COLUMNS, Column, Reference


def reference_of(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Reference:
    """Of every column of numbers, inputs first; texts are not watched."""
    columns = [*_columns(inputs, is_input=True), *_columns(outputs, is_input=False)]
    return Reference(tuple(columns[:COLUMNS]))


def _columns(tensors: Mapping[str, Any], is_input: bool) -> Iterator[Column]:
    np = importlib.import_module("numpy")
    for tensor, values in tensors.items():
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiub" or not len(values):
            continue
        rows = values.reshape(len(values), -1).astype("float64")
        for index in range(rows.shape[1]):
            name = tensor if rows.shape[1] == 1 else f"{tensor}[{index}]"
            edges, counts = _binned(np, rows[:, index])
            yield Column(name, tensor, index, is_input, edges, counts)


def _binned(np: Any, column: Any) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Where a value is as frequent as several bins, fewer edges are left."""
    known = column[np.isfinite(column)]
    shares = np.arange(1, BINS) / BINS
    edges = np.unique(np.quantile(known, shares)) if len(known) else np.zeros(0)
    counts = np.bincount(np.searchsorted(edges, known, "right"), minlength=len(edges) + 2)
    counts[-1] = len(column) - len(known)
    return tuple(edges.tolist()), tuple(counts.tolist())
