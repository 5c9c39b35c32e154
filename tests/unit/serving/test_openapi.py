"""The example of every signature is a request that this signature takes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ladle.experiments.manifest import TensorSpec
from ladle_runtime.serving.codecs.inference_v2 import InferenceV2
from ladle_runtime.serving.codecs.rest import RestJson
from ladle_runtime.serving.openapi import infer_operation, predict_operation
from ladle_runtime.serving.signature import DTYPES

Specs = tuple[TensorSpec, ...]

sizes = st.lists(st.none() | st.integers(1, 3), max_size=3)
signatures = st.lists(
    st.tuples(st.sampled_from(sorted(DTYPES)), st.booleans(), sizes), min_size=1, max_size=3
).map(
    lambda rows: tuple(
        TensorSpec(
            f"x{at}",
            dtype,
            (None, *shape) if is_batch else tuple(shape),
            missing=is_batch and DTYPES[dtype].kind == "f",
        )
        for at, (dtype, is_batch, shape) in enumerate(rows)
    )
)


def example_of(operation: dict[str, Any]) -> bytes:
    return json.dumps(operation["requestBody"]["content"]["application/json"]["example"]).encode()


@given(signatures)
def test_the_examples_are_requests(inputs: Specs) -> None:
    rest = RestJson().decode(example_of(predict_operation(inputs, ())), inputs)
    v2 = InferenceV2().decode(example_of(infer_operation(inputs, ())), inputs)
    for spec in inputs:
        assert rest.inputs[spec.name].dtype == DTYPES[spec.dtype]
        assert rest.inputs[spec.name].tolist() == v2.inputs[spec.name].tolist()


@given(signatures)
def test_what_is_described_is_json(inputs: Specs) -> None:
    for describe in (predict_operation, infer_operation):
        assert json.loads(json.dumps(describe(inputs, inputs), allow_nan=False))
