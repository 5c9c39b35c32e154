"""The judge: evidence is published window by window, for every model on trial."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ladle.actions.take_labels import Intake
from ladle.disk.metric_sink import DiskMetricSink
from ladle.errors import Unavailable
from ladle.policy.statuses import Phase
from ladle.ports import Clock, CounterStore, ReleaseLedger
from ladle.quality.counts import Counts, Window, WindowKey
from ladle_runtime.judge.handler import Judge, watch


@pytest.fixture
def judge(ledger: ReleaseLedger, intake: Intake, clock: Clock, tmp_path: Path) -> Judge:
    return Judge(ledger, intake.counters, DiskMetricSink(tmp_path), clock)


def metrics_of(root: Path) -> list[str]:
    path = root / "metrics.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def published(root: Path) -> list[float]:
    return [json.loads(text)["log_e"] for text in metrics_of(root)]


def test_the_judge_works_window_by_window_until_the_next_minute_is_due(
    judge: Judge, tmp_path: Path
) -> None:
    began = judge.clock.now()
    bad = {WindowKey("fraud", 8, began - 60): Counts(requests=50, failed=40)}
    good = {WindowKey("fraud", 7, began - 60): Counts(requests=450, failed=4)}
    judge.counters.add({"a": bad, "b": good})
    assert watch(judge) == 12
    assert judge.clock.now() - began == 55.0
    limit = judge.ledger.load("fraud").the_candidate.policy.log_e_limit
    assert len(published(tmp_path)) == 12
    assert published(tmp_path)[-1] > limit


def test_the_judge_of_windows_of_a_minute_looks_once(judge: Judge) -> None:
    state = judge.ledger.load("fraud")
    policy = replace(state.the_candidate.policy, window_s=60.0)
    state = replace(state, candidate=replace(state.the_candidate, policy=policy))
    judge.ledger.save(state, (), judge.clock.now())
    assert watch(judge) == 1


def test_a_model_without_a_rollout_publishes_nothing(judge: Judge, tmp_path: Path) -> None:
    state = replace(judge.ledger.load("fraud"), phase=Phase.STABLE, candidate=None)
    judge.ledger.save(state, (), judge.clock.now())
    assert watch(judge) == 0
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
    judge: Judge, tmp_path: Path
) -> None:
    other = replace(judge.ledger.load("fraud"), model="spam", generation=0)
    judge.ledger.save(other, (), judge.clock.now())
    assert watch(replace(judge, counters=BusyFor("fraud", judge.counters))) == 12
    assert {json.loads(t)["model"] for t in metrics_of(tmp_path)} == {"spam"}
