"""May touch: tmp_path. The platform's functions on the disk's ports, under a clock that steps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ladle.actions.take_labels import Intake
from ladle.disk.counter_store import DiskCounterStore
from ladle.disk.label_store import DiskLabelStore
from ladle.disk.prediction_log import DiskPredictionLog
from ladle.disk.release_ledger import DiskReleaseLedger
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.statuses import Phase
from ladle.ports import Clock, ReleaseLedger
from ladle.releases.state import Release, ReleaseState

AT = 1_790_000_000.0
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

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def clock() -> Clock:
    return SteppedClock()


@pytest.fixture
def ledger(tmp_path: Path) -> ReleaseLedger:
    """A model whose candidate 8 is tried beside release 7, in windows of five seconds."""
    stable, candidate = (
        Release(number, f"{number:064d}", f"{number:064d}", None, AT, POLICY) for number in (7, 8)
    )
    state = ReleaseState(
        "fraud", phase=Phase.CANARY, stable=stable, candidate=candidate, evidence_since=AT - 600
    )
    ledger = DiskReleaseLedger(tmp_path)
    ledger.save(state, (), AT)
    return ledger


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    return Intake(DiskCounterStore(tmp_path), DiskPredictionLog(tmp_path), DiskLabelStore(tmp_path))
