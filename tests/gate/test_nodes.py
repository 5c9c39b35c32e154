"""Every model of the ONNX package whose types we serve is served over HTTP with equal outputs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from tests.runtime import onnx_nodes
from tests.runtime.listening import Listening, listening
from tests.runtime.onnx_nodes import Ask, Asked, Case, Headers

pytestmark = [pytest.mark.gate, pytest.mark.timeout(900)]

SERVED = "served, as the package publishes it"
OTHERWISE = "served as onnxruntime computes it, which is not what the package publishes"
RANDOM = "served, and random"
REFUSED = "inputs with NaN or infinity, refused with 422"


@contextmanager
def asked_over_http(servers: Listening, case: Case) -> Iterator[Ask]:
    with servers.port(case.service) as port:
        connection = HTTPConnection("127.0.0.1", port)

        def ask(path: str, headers: Headers, body: bytes) -> Asked:
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, names, answer.read()

        try:
            yield ask
        finally:
            connection.close()


def outcome_of(case: Case, ask: Ask) -> str:
    if not onnx_nodes.is_finite(case):
        with pytest.raises(AssertionError, match="LD414"):
            onnx_nodes.in_bytes(case, ask)
        return REFUSED
    found_in_json = onnx_nodes.in_json(case, ask)
    found_in_bytes = onnx_nodes.in_bytes(case, ask)
    if not onnx_nodes.is_steady(case):
        return RANDOM
    assert onnx_nodes.is_equal(case, found_in_json, as_json=True), case.name
    assert onnx_nodes.is_equal(case, found_in_bytes, as_json=False), case.name
    return SERVED if onnx_nodes.is_as_published(case) else OTHERWISE


def test_every_model_whose_types_we_serve_is_served_with_equal_outputs() -> None:
    counts: Counter[str] = Counter()
    with listening() as servers:
        for model in onnx_nodes.models():
            for case in onnx_nodes.cases_of(model):
                if isinstance(case, str):
                    counts[case] += 1
                    continue
                with asked_over_http(servers, case) as ask:
                    counts[outcome_of(case, ask)] += 1
    print(json.dumps(dict(counts.most_common()), indent=2))
    assert counts[SERVED] > 1500
    assert counts[OTHERWISE] < 30
