"""The collector, the label intake and the judge: from AWS's events to counters and evidence."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from ladle.actions.take_labels import Intake
from ladle.disk.counter_store import DiskCounterStore
from ladle.disk.label_store import DiskLabelStore
from ladle.disk.metric_sink import DiskMetricSink
from ladle.disk.prediction_log import DiskPredictionLog
from ladle.disk.release_ledger import DiskReleaseLedger
from ladle.errors import Unavailable
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.statuses import Phase
from ladle.ports import CounterStore, ReleaseLedger
from ladle.quality.counts import Counts, Window, WindowKey
from ladle.quality.line_keys import line_key
from ladle.quality.lines import RequestLine, RequestOutcome, format_request, format_rows
from ladle.releases.state import Release, ReleaseState
from ladle_runtime.collector.handler import Collector, collect, unpack
from ladle_runtime.judge.handler import Judge, watch
from ladle_runtime.labels.handler import LabelIntake, answer

KEY = line_key(b"master", "fraud")
AT = 1_790_000_000.0
REQUEST = "A" * 22
POLICY = RolloutPolicy(
    labels_expected=True,
    label_sources=("labeller",),
    window_s=5.0,
    guards=(Guard(GuardName.FAILURES, worse_than=1.2),),
)


@dataclass
class SteppedClock:
    """Sleeping is how time passes."""

    at: float = AT
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def release(number: int, policy: RolloutPolicy = POLICY) -> Release:
    return Release(number, f"{number:064d}", f"{number:064d}", None, AT, policy)


@pytest.fixture
def ledger(tmp_path: Path) -> ReleaseLedger:
    """A model whose candidate 8 is tried beside release 7."""
    ledger = DiskReleaseLedger(tmp_path)
    state = ReleaseState(
        "fraud",
        phase=Phase.CANARY,
        stable=release(7),
        candidate=release(8),
        evidence_since=AT - 600,
    )
    ledger.save(state, (), AT)
    return ledger


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    return Intake(DiskCounterStore(tmp_path), DiskPredictionLog(tmp_path), DiskLabelStore(tmp_path))


def subscription(messages: list[str], kind: str = "DATA_MESSAGE") -> Mapping[str, Any]:
    data = {
        "messageType": kind,
        "owner": "111122223333",
        "logGroup": "/ladle/fraud",
        "logStream": "2026/11/23/[8]0123456789abcdef",
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
    return Collector(intake, ledger, lambda model: line_key(b"master", model))


@pytest.fixture
def label_intake(intake: Intake, ledger: ReleaseLedger) -> LabelIntake:
    return LabelIntake(intake, ledger, SteppedClock())


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


def label(row: int, value: object) -> Mapping[str, object]:
    return {"prediction_id": f"{REQUEST}.{row}", "label": value}


def test_a_label_is_taken_and_counted(collector: Collector, label_intake: LabelIntake) -> None:
    collect(collector, unpack(subscription(prediction(["cat", "dog"]))))
    answered = answer(label_intake, http([label(0, "cat"), label(1, "cat")]))
    assert answered["statusCode"] == 202
    assert json.loads(answered["body"]) == {
        "accepted": 2,
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


def judge(ledger: ReleaseLedger, counters: CounterStore, root: Path) -> Judge:
    return Judge(ledger, counters, DiskMetricSink(root), SteppedClock())


def metrics_of(root: Path) -> list[str]:
    path = root / "metrics.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def published(root: Path) -> list[float]:
    return [json.loads(text)["log_e"] for text in metrics_of(root)]


def test_the_judge_works_window_by_window_until_the_next_minute_is_due(
    ledger: ReleaseLedger, intake: Intake, tmp_path: Path
) -> None:
    bad = {WindowKey("fraud", 8, AT - 60): Counts(requests=50, failed=40)}
    good = {WindowKey("fraud", 7, AT - 60): Counts(requests=450, failed=4)}
    intake.counters.add({"a": bad, "b": good})
    ports = judge(ledger, intake.counters, tmp_path)
    assert watch(ports) == 12
    assert ports.clock.now() - AT == 55.0
    assert len(published(tmp_path)) == 12
    assert published(tmp_path)[-1] > POLICY.log_e_limit


def test_the_judge_of_windows_of_a_minute_looks_once(
    ledger: ReleaseLedger, intake: Intake, tmp_path: Path
) -> None:
    state = ledger.load("fraud")
    policy = replace(POLICY, window_s=60.0)
    ledger.save(replace(state, candidate=release(8, policy)), (), AT)
    assert watch(judge(ledger, intake.counters, tmp_path)) == 1


def test_a_model_without_a_rollout_publishes_nothing(
    ledger: ReleaseLedger, intake: Intake, tmp_path: Path
) -> None:
    state = ledger.load("fraud")
    ledger.save(replace(state, phase=Phase.STABLE, candidate=None), (), AT)
    assert watch(judge(ledger, intake.counters, tmp_path)) == 0
    assert published(tmp_path) == []


class BusyFor:
    """A counter store that answers for all models but one."""

    def __init__(self, model: str, counters: CounterStore) -> None:
        self._model = model
        self._counters = counters

    def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
        return self._counters.add(batches)

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        if model == self._model:
            raise Unavailable("LD314", "AWS was too busy", "try again")
        return self._counters.read(model, release, since)


def test_one_models_trouble_does_not_blind_the_judge_to_the_others(
    ledger: ReleaseLedger, intake: Intake, tmp_path: Path
) -> None:
    other = replace(ledger.load("fraud"), model="spam", generation=0)
    ledger.save(other, (), AT)
    ports = judge(ledger, BusyFor("fraud", intake.counters), tmp_path)
    assert watch(ports) == 12
    assert {json.loads(t)["model"] for t in metrics_of(tmp_path)} == {"spam"}
