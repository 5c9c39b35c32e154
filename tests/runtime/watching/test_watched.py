"""From lines and labels to what is told of a release: errors, confidences, segments, drift."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.runtime.watching.conftest import SteppedClock

from ladle.actions.take_labels import Intake
from ladle.policy.rollout import Guard, GuardName
from ladle.ports import Clock, ReleaseLedger
from ladle.quality.counts import Counts, total
from ladle.quality.drift import drifts, reference_key
from ladle.quality.labels import LabelValue, Noted
from ladle.quality.line_keys import line_key
from ladle.quality.lines import RequestLine, RequestOutcome, format_request, format_rows
from ladle.quality.measures import measured
from ladle.quality.segments import by_segment
from ladle.tools.reference_rows import reference_of
from ladle_runtime.collector.handler import Collector, collect, unpack
from ladle_runtime.labels.handler import LabelIntake, answer
from ladle_runtime.serving.watch import FLUSH_S, Watch

KEY = line_key(b"master", "fraud")
AT = 1_790_000_000.0
REQUEST = "A" * 22


@pytest.fixture
def collector(intake: Intake, ledger: ReleaseLedger) -> Collector:
    return Collector(intake, ledger, lambda model: [line_key(b"master", model)])


@pytest.fixture
def label_intake(intake: Intake, ledger: ReleaseLedger, clock: Clock) -> LabelIntake:
    return LabelIntake(intake, ledger, clock)


def delivered(collector: Collector, lines: Sequence[str], name: str = "") -> Mapping[str, Any]:
    data = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "/ladle/fraud",
        "logStream": "2026/11/23/[8]0123456789abcdef",
        "logEvents": [
            {"id": f"{name}{k}", "timestamp": int(AT * 1000), "message": line}
            for k, line in enumerate(lines)
        ],
    }
    packed = base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()
    return collect(collector, unpack({"awslogs": {"data": packed}}))


def prediction(outcomes: Sequence[LabelValue | Noted]) -> list[str]:
    ok = RequestOutcome.OK
    line = RequestLine("fraud", 8, REQUEST, AT, ok, 200, 5.0, len(outcomes), False, 5.0)
    return [format_request(line, KEY), *format_rows(line, outcomes, KEY)]


def labelled(intake: LabelIntake, values: Mapping[int, LabelValue]) -> int:
    labels = [{"prediction_id": f"{REQUEST}.{row}", "label": v} for row, v in values.items()]
    event = {"model": "fraud", "source": "labeller", "labels": labels}
    return int(answer(intake, event)["statusCode"])


def seen(collector: Collector) -> Counts:
    return total(collector.intake.counters.read("fraud", 8, 1.0))


def numeric(ledger: ReleaseLedger) -> None:
    state = ledger.load("fraud")
    assert state.candidate is not None
    guards = (Guard(GuardName.ERROR, worse_than=1.05),)
    candidate = replace(state.candidate, policy=replace(state.candidate.policy, guards=guards))
    ledger.save(replace(state, candidate=candidate), (), AT)


def test_labels_of_a_regression_become_its_errors_and_a_correction_takes_back(
    collector: Collector, label_intake: LabelIntake, ledger: ReleaseLedger, clock: SteppedClock
) -> None:
    numeric(ledger)
    delivered(collector, prediction([10.0, 20.0]))
    assert labelled(label_intake, {0: 12, 1: "17"}) in (200, 202)
    assert measured(seen(collector)) == {"mae": 2.5, "rmse": 2.54951, "bias": 0.5}
    clock.sleep(1)
    labelled(label_intake, {0: 10})
    assert measured(seen(collector)) == {"mae": 1.5, "rmse": 2.12132, "bias": 1.5}
    assert seen(collector).wrong_micro == 0


def test_a_label_brings_class_confidence_and_segment_with_it(
    collector: Collector, label_intake: LabelIntake
) -> None:
    delivered(collector, prediction([Noted(1, 0.9, ("region=eu",)), Noted(0, 0.6, ("region=us",))]))
    labelled(label_intake, {0: 1, 1: 1})
    told = measured(seen(collector))
    assert (told["accuracy"], told["balanced_accuracy"]) == (0.5, 0.5)
    assert told["brier"] == pytest.approx((0.01 + 0.36) / 2, abs=1e-5)
    assert {s: a.rate for s, a in by_segment(seen(collector)).items()} == {
        "region=eu": 0.0,
        "region=us": 1.0,
    }


def test_what_a_process_watched_is_drift_in_the_counters(
    collector: Collector, clock: SteppedClock
) -> None:
    rows = np.random.default_rng(1).standard_normal((2000, 3)).astype(np.float32)
    reference = reference_of({"X": rows}, {})
    moved = rows + np.array([0, 1, 0], np.float32)
    for process in ("a", "b"):
        texts: list[str] = []
        watch = Watch(reference, "fraud", 8, KEY, clock, texts.append)
        watch.add({"X": moved}, {}, len(moved))
        clock.sleep(FLUSH_S)
        watch.add({"X": moved[:1]}, {}, 1)
        for _ in range(2):  # a delivery may be repeated
            delivered(collector, "".join(texts).splitlines(), process)
    key = reference_key("fraud", 8)
    trained = total(collector.intake.counters.read(key.model, key.release, 0.0))
    found = {d.column: d for d in drifts(trained, seen(collector))}
    assert [name for name, d in found.items() if d.drifted] == ["X[1]"]
    assert found["X[1]"].rows == 2 * (len(moved) + 1)
    assert found["X[1]"].distance == pytest.approx(0.38, abs=0.03)
