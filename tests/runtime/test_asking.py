"""The door of a model that answers later: 202 with an id, then whatever became of it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from ladle.aws.async_jobs import Answered, Failed, Outcome, Waits
from ladle.aws.inference_request import Request
from ladle.errors import NotFound, Unavailable
from ladle_runtime.asking.handler import answer

STAGE = {"model": "fraud", "release": "7", "timeout": "600"}


@dataclass
class Jobs:
    """What the handler asks of jobs, in memory."""

    becomes: Outcome | Exception = field(default_factory=Waits)
    asked: list[tuple[int, Request, int]] = field(default_factory=list)

    def ask(self, release: int, request: Request, timeout_s: int) -> str:
        if isinstance(self.becomes, Exception):
            raise self.becomes
        self.asked.append((release, request, timeout_s))
        return "job-1"

    def outcome(self, id_: str) -> Outcome:
        if isinstance(self.becomes, Exception):
            raise self.becomes
        return self.becomes


def asked(jobs: Any, body: bytes = b"{}", **headers: str) -> Any:
    event = {
        "stageVariables": STAGE,
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
    return answer(jobs, event)


def looked_for(becomes: Outcome | Exception) -> Any:
    jobs: Any = Jobs(becomes)
    return answer(jobs, {"stageVariables": STAGE, "pathParameters": {"id": "job-1"}})


def test_a_request_is_taken_and_told_where_its_answer_will_be() -> None:
    jobs = Jobs()
    told = asked(jobs, b"1,2\n", **{"Content-Type": "text/csv", "Cookie": "secret"})
    assert told["statusCode"] == 202
    assert told["headers"]["location"] == "predictions/job-1"
    assert json.loads(told["body"]) == {"job_id": "job-1", "status": "waiting"}
    assert jobs.asked == [(7, Request(b"1,2\n", {"ContentType": "text/csv"}), 600)]


def test_a_body_without_a_type_is_json() -> None:
    jobs = Jobs()
    asked(jobs)
    assert jobs.asked[0][1].headers == {"ContentType": "application/json"}


def test_what_waits_says_so_and_when_to_look_again() -> None:
    told = looked_for(Waits())
    assert (told["statusCode"], told["headers"]["retry-after"]) == (202, "5")


def test_an_answer_is_handed_out_as_the_model_gave_it() -> None:
    told = looked_for(Answered("application/x-npy", b"\x93NUMPY"))
    assert (told["statusCode"], told["isBase64Encoded"]) == (200, True)
    assert told["headers"] == {"content-type": "application/x-npy"}
    assert base64.b64decode(told["body"]) == b"\x93NUMPY"


def test_a_large_answer_is_elsewhere() -> None:
    told = looked_for(Answered("text/csv", b"", "https://store.example/answer"))
    assert (told["statusCode"], told["headers"]["location"]) == (
        303,
        "https://store.example/answer",
    )


@pytest.mark.parametrize(
    ("becomes", "status", "code"),
    [
        (Failed("Received client error (422) from primary"), 422, "LD449"),
        (Failed("Received server error (500) from primary"), 502, "LD449"),
        (NotFound("LD445", "never asked", "x"), 404, "LD445"),
        (NotFound("LD446", "forgotten", "x"), 410, "LD446"),
        (Unavailable("LD314", "busy", "x"), 503, "LD314"),
    ],
)
def test_whatever_else_became_of_it_is_a_problem_with_its_code(
    becomes: Outcome | Exception, status: int, code: str
) -> None:
    told = looked_for(becomes)
    problem = json.loads(told["body"])
    assert (told["statusCode"], problem["status"], problem["code"]) == (status, status, code)
    assert told["headers"]["content-type"] == "application/problem+json"


def test_before_the_first_release_the_door_says_to_try_again() -> None:
    jobs: Any = Jobs()
    told = answer(jobs, {"stageVariables": {"model": "fraud", "timeout": "600"}, "body": "{}"})
    assert (told["statusCode"], told["headers"]["retry-after"]) == (503, "1")


def test_a_body_that_is_not_what_the_door_says_is_refused() -> None:
    jobs: Any = Jobs()
    told = answer(jobs, {"stageVariables": STAGE, "body": "%", "isBase64Encoded": True})
    assert json.loads(told["body"])["code"] == "LD448"
    assert told["statusCode"] == 400
