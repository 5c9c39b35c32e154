"""The collector and the label intake: from AWS's events to counters."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ladle.actions.take_labels import Intake
from ladle.errors import Unavailable
from ladle.policy.rollout import RolloutPolicy
from ladle.ports import Clock, ReleaseLedger
from ladle.quality.counts import Counts
from ladle.quality.line_keys import line_key
from ladle.quality.lines import RequestLine, RequestOutcome, format_request, format_rows
from ladle.releases.state import Release
from ladle_runtime.collector.handler import Collector, collect, unpack
from ladle_runtime.labels.handler import LabelIntake, answer

KEY = line_key(b"master", "fraud")
AT = 1_790_000_000.0
REQUEST = "A" * 22


def subscription(
    messages: list[str],
    kind: str = "DATA_MESSAGE",
    stream: str = "2026/11/23/[8]0123456789abcdef",
) -> Mapping[str, Any]:
    data = {
        "messageType": kind,
        "owner": "111122223333",
        "logGroup": "/ladle/fraud",
        "logStream": stream,
        "subscriptionFilters": ["ladle"],
        "logEvents": [
            {"id": str(i), "timestamp": int(AT * 1000), "message": m + "\n"}
            for i, m in enumerate(messages)
        ],
    }
    packed = base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()
    return {"awslogs": {"data": packed}}


def prediction(outcomes: list[str]) -> list[str]:
    line = RequestLine(
        "fraud", 8, REQUEST, AT, RequestOutcome.OK, 200, 5.0, len(outcomes), False, 5.0
    )
    return [format_request(line, KEY), *format_rows(line, outcomes, KEY)]


@pytest.fixture
def collector(intake: Intake, ledger: ReleaseLedger) -> Collector:
    return Collector(
        intake, ledger, lambda model: [line_key(b"new", model), line_key(b"master", model)]
    )


@pytest.fixture
def label_intake(intake: Intake, ledger: ReleaseLedger, clock: Clock) -> LabelIntake:
    return LabelIntake(intake, ledger, clock)


def test_a_delivered_batch_is_counted(collector: Collector) -> None:
    delivery = unpack(subscription([*prediction(["cat", "dog"]), "a print of the model"]))
    assert collect(collector, delivery)["requests"] == 1
    (window,) = collector.intake.counters.read("fraud", 8, 0.0)
    assert (window.start, window.counts.requests) == (AT, 1)


def test_a_control_message_counts_nothing(collector: Collector) -> None:
    assert collect(collector, unpack(subscription(["x"], "CONTROL_MESSAGE"))) == {}


def test_a_killed_function_is_a_failure_of_its_release(collector: Collector) -> None:
    died = "RequestId: 7f0 Error: Runtime exited with error: signal: killed Runtime.ExitError"
    for _ in range(2):
        collect(collector, unpack(subscription([died])))
    (window,) = collector.intake.counters.read("fraud", 8, 0.0)
    assert window.counts == Counts(requests=1, failed=1)


STREAMS_OF_A_MOVED_MODEL = {
    "as Lambda names them": ("2026/11/23/ladle-fraud_7[1]0123abcd", (0, 7)),
    "as the emulator names them": ("2026/11/23/[1]0123abcd", (7,)),
    "as the emulator names them while it moves": ("2026/11/23/[1]0123abcd", (0, 7)),
}


@pytest.mark.parametrize(
    ("stream", "bases"), STREAMS_OF_A_MOVED_MODEL.values(), ids=STREAMS_OF_A_MOVED_MODEL
)
def test_the_lines_of_a_model_that_moved_are_its_own(
    collector: Collector, stream: str, bases: tuple[int, ...]
) -> None:
    state = collector.ledger.load("fraud")
    releases = tuple(
        Release(base + 1, f"{base}", "m", None, AT, RolloutPolicy(), base=base) for base in bases
    )
    collector.ledger.save(replace(state, releases=releases), [], AT)
    counted = collect(collector, unpack(subscription(prediction(["cat"]), stream=stream)))
    assert (counted["requests"], counted["forged"]) == (1, 0)


def test_a_line_in_the_stream_of_another_home_is_forged(collector: Collector) -> None:
    """Version 8 of the new home is release 15, whatever it prints."""
    stream = "2026/11/23/ladle-fraud_7[8]0123abcd"
    counted = collect(collector, unpack(subscription(prediction(["cat"]), stream=stream)))
    assert (counted["requests"], counted["forged"]) == (0, 2)


def http(body: object, principal: str = "labeller", model: str = "fraud") -> Mapping[str, Any]:
    arn = f"arn:aws:iam::111122223333:user/{principal}"
    return {
        "version": "2.0",
        "rawPath": "/feedback",
        "stageVariables": {"model": model},
        "requestContext": {"authorizer": {"iam": {"userArn": arn}}},
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def test_a_door_with_an_api_key_says_by_signature_who_labels(
    collector: Collector, label_intake: LabelIntake
) -> None:
    collect(collector, unpack(subscription(prediction(["cat"]))))
    event = {**http([label(0, "cat")]), "version": "1.0"}
    arn = "arn:aws:iam::111122223333:user/{}"
    known = {"identity": {"userArn": arn.format("labeller"), "apiKeyId": "k"}}
    assert answer(label_intake, {**event, "requestContext": known})["statusCode"] == 202
    nobody = {"identity": {"userArn": None, "apiKeyId": "k"}}
    assert answer(label_intake, {**event, "requestContext": nobody})["statusCode"] == 403


def label(row: int, value: object) -> Mapping[str, object]:
    return {"prediction_id": f"{REQUEST}.{row}", "label": value}


def test_a_label_is_taken_and_counted(collector: Collector, label_intake: LabelIntake) -> None:
    collect(collector, unpack(subscription(prediction(["cat", "dog"]))))
    answered = answer(label_intake, http([label(0, "cat"), label(1, "cat")]))
    assert answered["statusCode"] == 202
    assert json.loads(answered["body"]) == {
        "accepted": 2,
        "corrected": 0,
        "repeated": 0,
        "waiting": 0,
        "refused": [],
    }
    (window,) = label_intake.intake.counters.read("fraud", 8, 0.0)
    assert (window.counts.labelled_micro, window.counts.wrong_micro) == (1_000_000, 500_000)


def test_the_same_labels_again_are_202_and_count_once(
    collector: Collector, label_intake: LabelIntake
) -> None:
    collect(collector, unpack(subscription(prediction(["cat"]))))
    for _ in range(3):
        answered = answer(label_intake, http(label(0, "dog")))
    assert answered["statusCode"] == 202
    assert json.loads(answered["body"])["repeated"] == 1
    (window,) = label_intake.intake.counters.read("fraud", 8, 0.0)
    assert window.counts.wrong_micro == 1_000_000


def test_a_label_before_its_prediction_is_202_and_waits(
    collector: Collector, label_intake: LabelIntake
) -> None:
    assert json.loads(answer(label_intake, http(label(0, "dog")))["body"])["waiting"] == 1
    assert collect(collector, unpack(subscription(prediction(["cat"]))))["labels_settled"] == 1


def test_a_direct_invoke_names_model_and_source_itself(label_intake: LabelIntake) -> None:
    event = {"model": "fraud", "source": "labeller", "labels": [label(0, 1)]}
    assert answer(label_intake, event)["statusCode"] == 202


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (http(label(0, "cat"), principal="somebody"), 403, "LD601"),
        (http({"prediction_id": "no", "label": 1}), 422, "LD602"),
        (http({"prediction_id": f"{REQUEST}.0"}), 422, "LD605"),
        (http(label(0, {"a": 1})), 422, "LD605"),
        (http(label(0, None)), 422, "LD605"),
        (http('{"prediction_id": "x", "label": NaN}'), 422, "LD605"),
        (http(label(0, "x" * 1001)), 422, "LD605"),
        (http("[" * 100_000), 422, "LD605"),
        (http("not json"), 422, "LD605"),
        (http([]), 422, "LD605"),
        (http([label(0, 1)] * 1001), 413, "LD606"),
        ({**http(label(0, 1)), "stageVariables": None}, 404, "LD604"),
        ({**http(label(0, 1)), "requestContext": {}}, 403, "LD601"),
        ({**http("%%%"), "isBase64Encoded": True}, 422, "LD605"),
        ({}, 422, "LD605"),
    ],
)
def test_what_cannot_be_taken_is_a_problem_with_a_code(
    label_intake: LabelIntake, event: Mapping[str, Any], status: int, code: str
) -> None:
    answered = answer(label_intake, event)
    assert answered["statusCode"] == status
    assert answered["headers"]["content-type"] == "application/problem+json"
    assert json.loads(answered["body"])["code"] == code


def test_one_label_that_was_corrected_too_often_does_not_stop_the_others(
    label_intake: LabelIntake,
) -> None:
    clock = label_intake.clock
    for value in range(4):
        answer(label_intake, http(label(0, value)))
        clock.sleep(1)
    answered = answer(label_intake, http([label(0, "x"), label(1, "x")]))
    assert answered["statusCode"] == 202
    refused = json.loads(answered["body"])["refused"]
    assert [r["code"] for r in refused] == ["LD603"]
    assert answer(label_intake, http(label(0, "x")))["statusCode"] == 409


class Busy:
    """A counter store behind a throttled table."""

    def add(self, batches: object) -> frozenset[str]:
        raise Unavailable("LD314", "AWS was too busy", "try again")

    def was_added(self, batch_id: str, now: float) -> bool:
        raise Unavailable("LD314", "AWS was too busy", "try again")

    def read(self, model: str, release: int, since: float) -> list[Any]:
        raise Unavailable("LD314", "AWS was too busy", "try again")


def test_a_throttled_table_is_503_and_nothing_is_lost(
    collector: Collector, label_intake: LabelIntake
) -> None:
    collect(collector, unpack(subscription(prediction(["cat"]))))
    busy = replace(label_intake, intake=replace(label_intake.intake, counters=Busy()))
    answered = answer(busy, http(label(0, "dog")))
    assert answered["statusCode"] == 503
    assert answered["headers"]["retry-after"] == "1"
    answer(label_intake, http(label(0, "dog")))
    (window,) = label_intake.intake.counters.read("fraud", 8, 0.0)
    assert window.counts.wrong_micro == 1_000_000
