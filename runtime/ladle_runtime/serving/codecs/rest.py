"""``POST /predict`` in JSON: ``{"inputs": …}`` in, ``{"predictions": […], …}`` out."""

from __future__ import annotations

from collections.abc import Sequence

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.base import Answered, json_object, to_json
from ladle_runtime.serving.codecs.number_rows import rows_of_numbers
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import Batch, batch


class RestJson:
    """The format of every caller that names none."""

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        quick = rows_of_numbers(body, inputs)
        if quick is not None:
            return quick
        asked = json_object(body)
        if "inputs" not in asked:
            raise Refused("LD410", 'the body has no "inputs"')
        return batch(inputs, asked["inputs"])

    def encode(self, answered: Answered) -> Answer:
        content = to_json(
            {
                "predictions": answered.predictions,
                "prediction_ids": answered.prediction_ids,
                "prediction_id": answered.prediction_ids[0],
                "model": answered.model,
                "release": answered.release,
            }
        )
        return Answer(200, "application/json", content)
