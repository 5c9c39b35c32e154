"""Asking a model and telling it what was true: through whatever door it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ladle.errors import LadleError, Unavailable
from ladle.ports import Predictor
from ladle.quality.labels import LabelValue


@dataclass(frozen=True, slots=True)
class Prediction:
    """``prediction_ids`` has one id per entry of ``predictions``: keep it until the truth is known."""

    predictions: Sequence[Any]
    prediction_ids: Sequence[str]
    model: str
    release: int


@dataclass(frozen=True, slots=True)
class LabelsTaken:
    """Those ``corrected`` are among the ``accepted``; ``waiting`` for a prediction that is not known
    yet; ``refused`` with a reason each.
    """

    accepted: int
    repeated: int
    waiting: int
    refused: Sequence[Mapping[str, Any]]
    corrected: int = 0


def predict(predictor: Predictor, model: str, inputs: object) -> Prediction:
    """Raises LadleError with the model's own code; Unavailable when a later try may go through."""
    data = _answer(predictor, model, "/predict", {"inputs": inputs})
    return Prediction(
        data["predictions"], data["prediction_ids"], data["model"], int(data["release"])
    )


def send_labels(
    predictor: Predictor, model: str, labels: Sequence[tuple[str, LabelValue]]
) -> LabelsTaken:
    """``labels`` are pairs of prediction id and truth. Raises as :func:`predict` does."""
    body = [{"prediction_id": id_, "label": label} for id_, label in labels]
    data = _answer(predictor, model, "/feedback", body)
    return LabelsTaken(
        int(data.get("accepted", 0)),
        int(data.get("repeated", 0)),
        int(data.get("waiting", 0)),
        data.get("refused", ()),
        int(data.get("corrected", 0)),
    )


def _answer(predictor: Predictor, model: str, path: str, body: object) -> Mapping[str, Any]:
    status, data = predictor.call(model, path, body)
    if 200 <= status < 300:
        return data
    code = str(data.get("code", "LD431"))
    why = data.get("detail") or data.get("message") or data.get("title") or "it gave no reason"
    kind = Unavailable if status in {429, 502, 503, 504} else LadleError
    raise kind(code, f"{model} answered {status}: {why}", f"ladle explain {code}")
