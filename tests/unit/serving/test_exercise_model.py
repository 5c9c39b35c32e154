"""What a served package answers wrongly is reported; the same seed asks the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

import pytest

from ladle.actions.exercise_model import NO_ANSWER, Ask, ask_golden, fuzz
from ladle.actions.hostile_requests import MARK, hostile_requests
from ladle.experiments.manifest import TensorSpec
from ladle.planning.golden import GoldenRequest
from ladle_runtime.serving.openapi import infer_operation, predict_operation

X = (TensorSpec("x", "float", (None, 2)), TensorSpec("word", "string", (None, 1)))
OPENAPI = {
    "paths": {
        "/predict": {"post": predict_operation(X, X)},
        "/v2/models/m/infer": {"post": infer_operation(X, X)},
    }
}
REFUSED = (422, b'{"code": "LD413", "detail": "x has the shape [n, 2]"}')


def answering(status: int, body: bytes) -> Ask:
    def ask(method: str, path: str, headers: Mapping[str, str], sent: bytes) -> tuple[int, bytes]:
        return (200, json.dumps(OPENAPI).encode()) if method == "GET" else (status, body)

    return ask


def test_the_same_seed_makes_the_same_requests() -> None:
    once, again, other = (list(islice(hostile_requests(OPENAPI, seed), 300)) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_requests_are_of_many_kinds() -> None:
    requests = list(islice(hostile_requests(OPENAPI, 3), 3000))
    bodies = [request.body for request in requests]
    assert {request.path for request in requests} > set(OPENAPI["paths"])
    for text in (b"NaN", b"1e400", b"\\ud800", b"[[[[[[[", b"NUMPY", MARK.encode()):
        assert any(text in body for body in bodies), text


def test_refusals_are_no_fault() -> None:
    fuzzed = fuzz(answering(*REFUSED), 100, seed=0)
    assert fuzzed.requests > 80
    assert fuzzed.faulty == 0


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (500, b'{"code": "LD402"}', "answers 500 LD402"),
        (422, b'{"code": "LD413", "detail": "victim-4711"}', "repeats what was sent"),
    ],
)
def test_a_fault_is_counted_and_the_first_are_shown(status: int, body: bytes, text: str) -> None:
    fuzzed = fuzz(answering(status, body), 100, seed=0)
    assert fuzzed.faulty == fuzzed.counts[status]
    assert [fault.text for fault in fuzzed.faults] == [text] * 5


def test_a_server_that_is_gone_ends_the_fuzz() -> None:
    def ask(method: str, path: str, headers: Mapping[str, str], sent: bytes) -> tuple[int, bytes]:
        if path == "/openapi.json":
            return 200, json.dumps(OPENAPI).encode()
        raise OSError

    fuzzed = fuzz(ask, 100, seed=0)
    assert (fuzzed.requests, fuzzed.faulty, fuzzed.faults[0].text) == (1, 1, NO_ANSWER)


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (200, {"predictions": [{"label": 3}], "release": 1}, ()),
        (200, {"predictions": [{"label": 5}]}, ("predictions[0].label is 5, not 3",)),
        (
            422,
            {"code": "LD413", "detail": "x has the shape [n, 2]"},
            ("the status is 422, not 200: LD413 x has the shape [n, 2]",),
        ),
    ],
)
def test_a_golden_request_is_compared(status: int, answer: Any, said: tuple[str, ...]) -> None:
    case = GoldenRequest("three", {"inputs": []}, {"predictions": [{"label": 3}]})
    [result] = ask_golden(answering(status, json.dumps(answer).encode()), [case])
    assert (result.name, result.differences) == ("three", said)
