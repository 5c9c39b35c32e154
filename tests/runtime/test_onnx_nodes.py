"""A sample of the ONNX package's own models is served with the outputs of onnxruntime itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.runtime import onnx_nodes
from tests.runtime.onnx_nodes import Asked, Case, Headers

from ladle_runtime.serving import hot_route
from ladle_runtime.serving.codecs.inference_v2 import InferenceV2

EVERY = 7  # of the models; `scripts/gate nodes` takes all of them, over HTTP


@pytest.fixture(scope="module")
def cases() -> Sequence[Case]:
    models: Sequence[Any] = onnx_nodes.models()[::EVERY]
    found = [case for model in models for case in onnx_nodes.cases_of(model)]
    return [case for case in found if isinstance(case, Case) and onnx_nodes.is_steady(case)]


def asked_of(case: Case) -> onnx_nodes.Ask:
    def ask(_: str, headers: Headers, body: bytes) -> Asked:
        sent = {name.encode(): value.encode() for name, value in headers.items()}
        answer = hot_route.predict(body, sent, case.service, InferenceV2.of)
        return answer.status, dict(answer.headers), answer.body

    return ask


def test_models_of_one_operator_answer_alike_in_json_and_in_bytes(cases: Sequence[Case]) -> None:
    served = [case for case in cases if onnx_nodes.is_finite(case)]
    assert len(served) > 150
    for case in served:
        ask = asked_of(case)
        assert onnx_nodes.is_equal(case, onnx_nodes.in_json(case, ask), as_json=True), case.name
        assert onnx_nodes.is_equal(case, onnx_nodes.in_bytes(case, ask), as_json=False), case.name
