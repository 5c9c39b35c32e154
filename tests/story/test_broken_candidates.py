"""Candidates that break in the ways Lambda knows go back, and do not get a second chance unasked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.story.stage import EMBEDDED, Stage

from ladle.policy.statuses import Phase, QuarantineScope, ReleaseStatus
from ladle.releases.effects import RecordKind

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(240)]

WAYS: Mapping[str, str] = {
    "times-out": "times_out.py",
    "is-killed": "runs_out_of_memory.py",
    "cannot-start": "cannot_be_imported.py",
}
SHORT = "{timeout_s: 1}"


@pytest.fixture(scope="module")
def broken(stage: Stage) -> Stage:
    """A proven first release of each, then its broken one, with traffic until all are back."""
    stage.packages()
    for model in WAYS:
        stage.write(model, compute=SHORT)
    stage.deploy()
    stage.promote(*WAYS)
    for model, transform in WAYS.items():
        stage.write(model, compute=SHORT, transform=transform)
    stage.deploy()
    with stage.traffic(*WAYS, at_once=2):
        for model in WAYS:
            stage.wait(model, lambda s: s.statuses.get(2) is ReleaseStatus.ROLLED_BACK)
    return stage


@pytest.mark.parametrize("model", WAYS)
def test_every_request_of_it_counts_as_failed(broken: Stage, model: str) -> None:
    windows = broken.workspace.counters.read(model, 2, since=0.0)
    requests = sum(w.counts.requests for w in windows)
    failed = sum(w.counts.failed for w in windows)
    assert requests == failed > 0


@pytest.mark.parametrize("model", WAYS)
def test_it_is_rolled_back_with_its_numbers(broken: Stage, model: str) -> None:
    state = broken.settle(model)
    assert (state.phase, broken.weights(model)) == (Phase.STABLE, {1: 1.0})
    (row,) = broken.rows(model, RecordKind.ROLLED_BACK)
    assert row.release == 2
    assert row.data


@pytest.mark.parametrize("model", WAYS)
def test_its_digest_is_quarantined_and_its_model_is_not(broken: Stage, model: str) -> None:
    (entry,) = broken.state(model).quarantine
    assert entry.scope is QuarantineScope.RELEASE
    assert entry.digest == broken.state(model).handed_over
