"""Candidates that break in the ways Lambda knows go back, and do not get a second chance unasked."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.story.stage import EMBEDDED, Stage

from ladle import names
from ladle.policy.statuses import Phase, QuarantineScope, ReleaseStatus
from ladle.releases.effects import RecordKind

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(600)]

WAYS: Mapping[str, str] = {
    "times-out": "times_out.py",
    "is-killed": "runs_out_of_memory.py",
    "cannot-start": "cannot_be_imported.py",
}
BRISK = {
    "compute": "{timeout_s: 1}",
    # A failure of a broken one costs a cold start. On a small share each says more, so few suffice.
    "rollout": "{canary_percent: 10, bake: 1h, max: 24h}",
}


@pytest.fixture(scope="module")
def broken(stage: Stage) -> Stage:
    """A proven first release of each, then its broken one, with traffic until all are back."""
    stage.packages()
    for model in WAYS:
        stage.write(model, **BRISK)
    stage.deploy()
    stage.promote(*WAYS)
    for model, transform in WAYS.items():
        stage.write(model, transform=transform, **BRISK)
    stage.deploy()
    with stage.traffic(*WAYS):
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


def test_handed_over_again_it_is_refused_before_the_cdk_runs_and_behind_it(broken: Stage) -> None:
    model = "is-killed"
    broken.packages()
    broken.write(model, **BRISK)
    assert broken.deploy(model)[model]["release"] == 1
    broken.write(model, transform=WAYS[model], **BRISK)

    before = broken.versions(model)
    assert broken.deploy(model, expect=(1,))[model]["status"] == "refused"
    assert broken.versions(model) == before

    broken.cdk().deploy([names.model_stack(model)], EMBEDDED)
    state = broken.wait(model, lambda s: ReleaseStatus.REFUSED in s.statuses.values())
    assert (state.phase, broken.weights(model)) == (Phase.STABLE, {1: 1.0})
    assert "quarantined" in broken.rows(model, RecordKind.REFUSED)[-1].text
