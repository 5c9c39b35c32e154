"""``POST /predict`` in JSON: ``{"inputs": …}`` in, ``{"predictions": […], …}`` out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.base import Answered, json_object
from ladle_runtime.serving.codecs.number_rows import rows_of_numbers
from ladle_runtime.serving.json_text import to_json
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
        ids = answered.prediction_ids
        content = b'{"predictions":[%b],"prediction_ids":["%b"],"prediction_id":"%b",%b}' % (
            b",".join(answered.predictions.texts),
            '","'.join(ids).encode(),  # base64 and digits: nothing that JSON escapes
            ids[0].encode(),
            _origin(answered.model, answered.release),
        )
        return Answer(200, "application/json", content)


@lru_cache(8)
def _origin(model: str, release: int) -> bytes:
    return to_json({"model": model, "release": release})[1:-1]
