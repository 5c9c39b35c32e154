"""Which routes predict, each with its choice of a codec: one table that every door reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from ladle_runtime.serving.codecs.base import Codec, Headers
from ladle_runtime.serving.codecs.formats import codec_for
from ladle_runtime.serving.codecs.inference_v2 import InferenceV2
from ladle_runtime.serving.codecs.sagemaker import invocation

Choose = Callable[[Headers], Codec]  # raises Refused


@cache
def prediction_routes(model: str, release: int) -> Mapping[str, Choose]:
    """REST, SageMaker, and the Open Inference Protocol with and without a version."""
    return {
        "/predict": codec_for,
        "/invocations": invocation,
        f"/v2/models/{model}/infer": InferenceV2.of,
        f"/v2/models/{model}/versions/{release}/infer": InferenceV2.of,
    }
