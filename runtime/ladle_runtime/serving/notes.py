"""What an outcome needs beside its value to be judged: how sure the model was, and whose row it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Final

import numpy as np

from ladle.quality.labels import OTHER, SEGMENT_VALUES, LabelValue, Noted
from ladle_runtime.serving.probabilities import are_probabilities

_FEW: Final = 64  # numbers that Python compares sooner than numpy begins
_TEXT: Final = 24  # characters of a segment's value


class Notes:
    """Of one process, which keeps the values of each segment that it saw first."""

    def __init__(self, type_: str, segments: Sequence[str]) -> None:
        self._is_sure = type_ == "classification"
        self._segments = segments
        self._known: dict[str, set[str]] = {name: set() for name in segments}
        self._scores: str | None = None

    @property
    def is_silent(self) -> bool:
        """Nothing is ever noted: neither segments, nor a model whose answers say how sure it is."""
        return not self._segments and (not self._is_sure or self._scores == "")

    def of(
        self,
        judged: Sequence[LabelValue | None],
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
    ) -> Sequence[Any]:
        """The same where there is nothing to note."""
        if len(judged) == 1 and self._scores and not self._segments:  # the usual case
            scores, value = outputs.get(self._scores), judged[0]
            if isinstance(scores, np.ndarray) and scores.ndim == 2 and value is not None:
                return [_noted(value, _sure(max(scores.tolist()[0])))]
        sure = self._confidences(outputs, len(judged)) if self._is_sure else None
        if not self._segments:
            if sure is None:
                return judged
            pairs = zip(judged, sure, strict=True)
            return [None if value is None else _noted(value, q) for value, q in pairs]
        columns = [self._column(n, inputs.get(n), len(judged)) for n in self._segments]
        each = zip(judged, sure or repeat(None), zip(*columns, strict=True), strict=False)
        return [None if value is None else Noted(value, q, own) for value, q, own in each]

    def _confidences(self, outputs: Mapping[str, Any], rows: int) -> Sequence[float | None] | None:
        """Which output holds probabilities is seen once, from the first answer."""
        if self._scores is None:
            self._scores = next((n for n, v in outputs.items() if are_probabilities(v)), "")
        if not self._scores:
            return None
        scores = outputs.get(self._scores)  # a transform may answer otherwise now
        if not isinstance(scores, np.ndarray) or scores.ndim != 2 or len(scores) != rows:
            return None
        if scores.size <= _FEW:
            return [_sure(max(row)) for row in scores.tolist()]
        return [_sure(highest) for highest in scores.max(1).tolist()]

    def _column(self, name: str, values: Any, rows: int) -> Sequence[str]:
        if not isinstance(values, np.ndarray) or values.size != rows:
            return [f"{name}={OTHER}"] * rows
        return [f"{name}={self._value(name, str(v))}" for v in values.reshape(rows).tolist()]

    def _value(self, name: str, text: str) -> str:
        known = self._known[name]
        if text not in known:
            if len(known) >= SEGMENT_VALUES or len(text) > _TEXT or not text.isprintable():
                return OTHER
            known.add(text)
        return text


def _sure(highest: float) -> float | None:
    """None for NaN, which a model may answer to a row like no other."""
    return round(min(highest, 1.0), 3) if highest >= 0 else None


def _noted(value: LabelValue, sure: float | None) -> LabelValue | Noted:
    return value if sure is None else Noted(value, sure)
