"""``/invocations``: SageMaker lets one header of ours through, so ours travel inside of that one.

``X-Amzn-SageMaker-Custom-Attributes: ladle-shape=1,784; ladle-output=label``, and back in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.base import Answered, Codec, Headers
from ladle_runtime.serving.codecs.formats import REST, codec_for
from ladle_runtime.serving.signature import Batch

ATTRIBUTES: Final = "x-amzn-sagemaker-custom-attributes"
_OURS: Final = frozenset([b"ladle-shape", b"ladle-output"])


def invocation(headers: Headers) -> Codec:
    """Raises Refused."""
    sent = headers.get(ATTRIBUTES.encode(), b"")
    pairs = (part.strip().partition(b"=") for part in sent.split(b";"))
    ours = {name.lower(): value for name, _, value in pairs if name.lower() in _OURS}
    codec = codec_for({**headers, **ours} if ours else headers)
    return codec if codec is REST else _Invocation(codec)


@dataclass(frozen=True, slots=True)
class _Invocation:
    codec: Codec

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        return self.codec.decode(body, inputs)

    def encode(self, answered: Answered) -> Answer:
        answer = self.codec.encode(answered)
        if not answer.headers:
            return answer
        folded = "; ".join(f"{name}={value}" for name, value in answer.headers)
        return answer._replace(headers=(*answer.headers, (ATTRIBUTES, folded)))
