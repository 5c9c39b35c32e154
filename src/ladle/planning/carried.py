"""How many bytes a request and its answer have is guessed from what the model takes and gives: one row, as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ladle.experiments.manifest import TensorSpec
from ladle.planning.prices import Prices
from ladle.planning.service_spec import ServiceSpec

FRAME_BYTES = 500  # headers, names and ids
VALUE_BYTES = 20  # a float as text has so many; a word or two
UNKNOWN_BYTES = 1000  # of what a transform takes


def request_bytes(spec: ServiceSpec) -> int:
    return FRAME_BYTES + UNKNOWN_BYTES if spec.transform else _bytes(spec.signature.inputs)


def answer_bytes(spec: ServiceSpec) -> int:
    return FRAME_BYTES + UNKNOWN_BYTES if spec.transform else _bytes(spec.signature.outputs)


def carried_gb(spec: ServiceSpec, requests: float) -> float:
    """There and back."""
    return requests * (request_bytes(spec) + answer_bytes(spec)) / 1e9


def through_an_endpoint(spec: ServiceSpec, requests: float, prices: Prices) -> tuple[str, float]:
    """Every endpoint of SageMaker costs by what it takes and gives, beside what it runs on."""
    return "requests and answers moved", prices.of("endpoint_gb_moved", carried_gb(spec, requests))


def _bytes(tensors: Sequence[TensorSpec]) -> int:
    """A size that the model leaves open counts as one."""
    values = sum(math.prod(size or 1 for size in tensor.shape) for tensor in tensors)
    return FRAME_BYTES + VALUE_BYTES * values
