"""Lines are collected, labels are taken, in any order and more than once: the counters are right."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ladle.actions.collect_counts import Collected, collect_counts
from ladle.actions.judge_quality import publish_evidence, read_evidence
from ladle.actions.take_labels import Intake, source_of, take_labels
from ladle.disk.counter_store import DiskCounterStore
from ladle.disk.label_store import DiskLabelStore
from ladle.disk.prediction_log import DiskPredictionLog
from ladle.errors import LadleError
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import Phase
from ladle.policy.traffic import Traffic
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.delivery import LogEvent
from ladle.quality.lines import RequestLine, RequestOutcome, format_request, format_rows
from ladle.quality.new_label import NewLabel
from ladle.releases.intent import Intent, IntentKind
from ladle.releases.state import Release, ReleaseState

KEY = b"k" * 32
POLICY = RolloutPolicy(labels_expected=True, label_sources=("labeller",))
WHO = "arn:aws:iam::111122223333:user/labeller"
STREAM = "2026/11/23/[7]abc"
AT = 1_790_000_000.0
START = 1_789_999_980.0


def request_id(n: int) -> str:
    return f"{n:022d}"


def lines(n: int, predicted: list[str]) -> list[LogEvent]:
    line = RequestLine(
        "fraud", 7, request_id(n), AT, RequestOutcome.OK, 200, 5.0, len(predicted), False, 60.0
    )
    texts = [format_request(line, KEY), *format_rows(line, predicted, KEY)]
    return [LogEvent(f"{n}-{i}", AT, text) for i, text in enumerate(texts)]


@pytest.fixture
def ports(tmp_path: Path) -> Intake:
    return open_ports(tmp_path)


def open_ports(root: Path) -> Intake:
    return Intake(DiskCounterStore(root), DiskPredictionLog(root), DiskLabelStore(root))


def collect(ports: Intake, events: list[LogEvent]) -> Collected:
    return collect_counts(ports, "fraud", STREAM, events, [KEY], POLICY)


def say(ports: Intake, n: int, row: int, value: str, at: float = AT) -> None:
    take_labels(ports, "fraud", POLICY, WHO, [NewLabel(request_id(n), row, value)], at)


def counted(ports: Intake) -> Counts:
    (window,) = ports.counters.read("fraud", 7, 0.0)
    assert window.start == START
    return window.counts


def test_a_label_moves_the_counters_of_its_predictions_window(ports: Intake) -> None:
    collect(ports, lines(1, ["cat", "dog"]))
    say(ports, 1, 0, "cat", AT + 86_400)
    say(ports, 1, 1, "cat", AT + 86_400)
    found = counted(ports)
    assert (found.requests, found.labelled_micro, found.wrong_micro) == (1, MICRO, MICRO // 2)


def test_a_label_that_comes_before_its_prediction_waits_for_it(ports: Intake) -> None:
    say(ports, 1, 0, "dog")
    collected = collect(ports, lines(1, ["cat"]))
    assert collected.labels_settled == 1
    assert counted(ports).wrong_micro == MICRO


def test_a_delivery_that_is_repeated_counts_once(ports: Intake) -> None:
    first = collect(ports, lines(1, ["cat"]))
    again = collect(ports, lines(1, ["cat"]))
    assert (first.seen_before, again.seen_before) == (False, True)
    assert counted(ports).requests == 1


def test_a_label_that_was_stored_and_not_counted_is_counted_when_it_is_sent_again(
    ports: Intake, tmp_path: Path
) -> None:
    """The intake died between the two writes."""
    collect(ports, lines(1, ["cat"]))
    doomed = Intake(DiskCounterStore(tmp_path / "lost"), ports.predictions, ports.labels)
    say(doomed, 1, 0, "dog")
    assert counted(ports).labelled_micro == 0
    say(ports, 1, 0, "dog")
    say(ports, 1, 0, "dog")
    assert counted(ports).labelled_micro == MICRO


def test_where_no_labels_are_expected_no_prediction_is_kept(ports: Intake) -> None:
    collect_counts(ports, "fraud", STREAM, lines(1, ["cat"]), [KEY], RolloutPolicy())
    assert ports.predictions.find("fraud", request_id(1), 0) is None
    assert counted(ports).requests == 1


def test_labels_of_a_principal_that_is_no_source_are_refused(ports: Intake) -> None:
    with pytest.raises(LadleError, match="LD601"):
        take_labels(ports, "fraud", POLICY, "somebody", [NewLabel(request_id(1), 0, "cat")], AT)
    with pytest.raises(LadleError, match="LD601"):
        take_labels(ports, "fraud", RolloutPolicy(), WHO, [NewLabel(request_id(1), 0, "cat")], AT)


@pytest.mark.parametrize(
    ("named", "principal", "may"),
    [
        ("labeller", "arn:aws:iam::111122223333:user/labeller", True),
        ("arn:aws:iam::111122223333:role/desk", "arn:aws:iam::111122223333:role/desk", True),
        ("desk", "arn:aws:sts::111122223333:assumed-role/desk/anna", True),
        (
            "arn:aws:iam::111122223333:role/desk",
            "arn:aws:sts::111122223333:assumed-role/desk/anna",
            True,
        ),
        ("anna", "arn:aws:sts::111122223333:assumed-role/desk/anna", False),
        (
            "arn:aws:iam::111122223333:role/desk",
            "arn:aws:sts::999999999999:assumed-role/desk/anna",
            False,
        ),
        ("labeller", "", False),
    ],
)
def test_a_source_is_named_by_its_role_whoever_took_it(
    named: str, principal: str, may: bool
) -> None:
    found = source_of(RolloutPolicy(label_sources=(named,)), principal)
    assert found == (named if may else None)


steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["lines", "cat", "dog"])), max_size=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(steps=steps, seed=st.integers(0, 1000))
def test_whatever_the_order_the_counters_end_at_what_was_last_said(
    tmp_path: Path, steps: list[tuple[int, str]], seed: int
) -> None:
    ports = open_ports(tmp_path / f"{random.Random(repr((steps, seed))).random()}")
    last: dict[int, str] = {}
    changes: dict[int, int] = {}
    for at, (n, step) in enumerate(steps):
        if step == "lines":
            collect(ports, lines(n, ["cat"]))
            continue
        if n in last and last[n] != step:
            changes[n] = changes.get(n, 0) + 1
        if changes.get(n, 0) > 3:
            return
        last[n] = step
        say(ports, n, 0, step, AT + at)
    for n in range(3):
        collect(ports, lines(n, ["cat"]))
    found = counted(ports)
    wrong = sum(value == "dog" for value in last.values())
    assert found == Counts(3, 0, 0, len(last) * MICRO, wrong * MICRO, found.latency)


class Metrics:
    def __init__(self) -> None:
        self.published: list[tuple[str, float]] = []

    def publish_log_e(self, model: str, log_e: float, at: float) -> None:
        self.published.append((model, log_e))


class Counters:
    """Windows by release, as if they had been counted."""

    def __init__(self, windows: dict[int, list[Window]]) -> None:
        self._windows = windows

    def add(self, batches: object) -> frozenset[str]:
        raise AssertionError("judging writes nothing")

    def was_added(self, batch_id: str, now: float) -> bool:
        raise AssertionError("judging counts no labels")

    def read(self, model: str, release: int, since: float) -> list[Window]:
        return [w for w in self._windows.get(release, []) if w.start >= since]


def release(number: int) -> Release:
    return Release(number, f"{number:064d}", f"{number:064d}", None, 0.0, RolloutPolicy())


def counters() -> Counters:
    good, bad = Counts(requests=900, failed=9), Counts(requests=100, failed=30)
    return Counters({7: [Window(60.0 * k, good) for k in range(20)], 8: [Window(600.0, bad)]})


STATE = ReleaseState("fraud", stable=release(7), candidate=release(8), evidence_since=300.0)


@pytest.mark.parametrize(
    "state",
    [
        ReleaseState("fraud", stable=STATE.stable, candidate=STATE.candidate, phase=phase)
        for phase in (Phase.CANARY, Phase.HOLDBACK)
    ]
    + [
        ReleaseState(
            "fraud",
            stable=STATE.stable,
            candidate=STATE.candidate,
            phase=Phase.PAUSED,
            paused_from=Phase.CANARY,
        )
    ],
)
def test_evidence_is_published_while_a_rollout_is_active(state: ReleaseState) -> None:
    metrics = Metrics()
    found = publish_evidence(counters(), metrics, state, now=660.0)
    assert found is not None
    assert found.worst is not None
    assert metrics.published == [("fraud", found.log_e)]


@pytest.mark.parametrize("phase", [Phase.EMPTY, Phase.STABLE, Phase.ROLLING_BACK, Phase.DEGRADED])
def test_without_a_rollout_nothing_is_published(phase: Phase) -> None:
    metrics = Metrics()
    state = ReleaseState("fraud", phase=phase, stable=release(7), candidate=release(8))
    assert publish_evidence(counters(), metrics, state, now=660.0) is None
    assert metrics.published == []


def test_a_first_release_is_counted_and_compared_with_nothing() -> None:
    metrics = Metrics()
    state = ReleaseState("fraud", phase=Phase.BASELINE, stable=release(8), evidence_since=60.0)
    found = read_evidence(counters(), state, now=660.0)
    assert found is not None
    assert (found.candidate_release, found.candidate_requests, found.guards) == (8, 100, ())
    assert publish_evidence(counters(), metrics, state, now=660.0) is None
    assert metrics.published == []


def test_before_the_alias_reads_so_there_is_no_evidence() -> None:
    intent = Intent("1", IntentKind.START_CANARY, Traffic(7, 8, 0.1), "", 0.0)
    state = ReleaseState(
        "fraud", phase=Phase.CANARY, stable=release(7), candidate=release(8), intent=intent
    )
    assert read_evidence(counters(), state, now=660.0) is None


def test_windows_of_the_future_are_not_read() -> None:
    state = ReleaseState(
        "fraud", phase=Phase.CANARY, stable=release(7), candidate=release(8), evidence_since=0.0
    )
    found = read_evidence(counters(), state, now=599.0)
    assert found is not None
    assert found.candidate_requests == 0
