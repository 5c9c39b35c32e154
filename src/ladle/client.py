"""``ladle.Client``: asks a model that is served, and says later what was true."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from ladle.actions import call_model
from ladle.actions.call_model import LabelsTaken, Prediction
from ladle.ports import Predictor
from ladle.quality.labels import LabelValue


class Client:
    """One model, by name. Nothing is looked up before the first call; an address stays known.

    ``url`` is where it answers; without it ``LADLE_URL``, else the workspace says so, and on AWS
    each request is signed by your own credentials.
    """

    def __init__(self, model: str, url: str | None = None, *, caller: str | None = None) -> None:
        """``caller``: who the embedded AWS takes you for, which checks no signature."""
        self.model = model
        self._url = url
        self._caller = caller

    def predict(self, inputs: object) -> Prediction:
        """``inputs`` as ``POST /predict`` takes them; arrays of numpy are turned into lists.

        Raises ladle.errors.LadleError with the model's own code.
        """
        return call_model.predict(self._predictor, self.model, inputs)

    def feedback(self, prediction_id: str, label: LabelValue) -> LabelsTaken:
        """What was true of one prediction. Sent twice it counts once; another label corrects it."""
        return self.feedback_all([(prediction_id, label)])

    def feedback_all(self, labels: Iterable[tuple[str, LabelValue]]) -> LabelsTaken:
        """Pairs of prediction id and label, in one call."""
        return call_model.send_labels(self._predictor, self.model, list(labels))

    @cached_property
    def _predictor(self) -> Predictor:
        from ladle.wiring import open_predictor

        return open_predictor(self._url, Path.cwd(), self._caller)
