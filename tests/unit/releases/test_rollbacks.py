"""How a release loses its traffic, where the traffic goes, and what may not come back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, QuarantineScope, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.releases.decide import decide
from ladle.releases.effects import RecordKind
from ladle.releases.events import (
    Ask,
    CandidateReady,
    CannotServe,
    NativeAlarmRang,
)
from ladle.releases.intent import IntentKind
from ladle.releases.state import Quarantined
from ladle.testing.releases import (
    Story,
    ask,
    canary_story,
    evidence,
    holdback_story,
    release,
    seen,
    stable_story,
)


@pytest.mark.parametrize("start", [canary_story, holdback_story])
def test_worse_takes_all_traffic_back_to_the_proven_release(start: object) -> None:
    story: Story = start()  # type: ignore[operator]
    story.hear(evidence(story.state, worse=GuardName.ACCURACY))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {1: 100})
    assert story.state.statuses[2] is ReleaseStatus.ROLLED_BACK
    row = story.last(RecordKind.ROLLED_BACK)
    assert row.data["evidence"]["guards"][1]["log_e"] == 6.0
    assert (row.data["to"], row.data["log_e"]) == (1, 6.0)


def test_worse_needs_no_bake_and_no_minimum() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.FAILURES, requests=3, labels=0))
    assert story.alias() == {1: 100}


@pytest.mark.parametrize(
    ("guard", "scope", "digest"),
    [
        (GuardName.ACCURACY, QuarantineScope.MODEL, "model-2"),
        (GuardName.FAILURES, QuarantineScope.RELEASE, "release-2"),
    ],
)
def test_the_guard_says_how_much_is_quarantined(
    guard: GuardName, scope: QuarantineScope, digest: str
) -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=guard))
    assert [(q.scope, q.digest) for q in story.state.quarantine] == [(scope, digest)]


def test_a_model_that_is_proven_elsewhere_is_not_quarantined() -> None:
    story = stable_story()
    same_model = replace(release(2, model="model-1"), requested_at=story.now)
    story.hear(CandidateReady(same_model))
    story.hear(evidence(story.state, worse=GuardName.ACCURACY))
    assert story.alias() == {1: 100}
    assert [q.scope for q in story.state.quarantine] == [QuarantineScope.RELEASE]
    assert story.last(RecordKind.QUARANTINED).text.startswith("release 2 may not serve again")


@pytest.mark.parametrize(("samples", "phase"), [(19, Phase.CANARY), (20, Phase.STABLE)])
def test_the_native_alarm_acts_from_twenty_samples(samples: int, phase: Phase) -> None:
    story = canary_story()
    story.hear(NativeAlarmRang(2, samples))
    assert story.state.phase is phase


def test_an_alarm_of_another_release_does_not_end_a_canary() -> None:
    story = canary_story()
    story.hear(NativeAlarmRang(1, samples=500))
    assert story.state.phase is Phase.CANARY


def test_a_rollback_goes_to_the_release_that_served_last_and_not_to_the_number_before() -> None:
    story = stable_story(3)
    story.hear(CandidateReady(replace(release(1), requested_at=story.now + 1)))
    canary_story(story, number=4)
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    assert story.alias() == {1: 100}


def test_a_release_that_does_not_start_is_passed_over() -> None:
    story = canary_story(stable_story(3), number=4)
    story.hear(evidence(story.state, worse=GuardName.FAILURES), settle=False)
    assert story.state.intent is not None
    assert story.state.intent.kind is IntentKind.ROLL_BACK
    story.hear(CannotServe(3, "no answer"))
    assert story.alias() == {2: 100}
    assert [r.number for r in story.state.good] == [1, 2]


def test_without_any_proven_release_traffic_stays_and_people_are_called() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.FAILURES), settle=False)
    story.hear(CannotServe(1, "no answer"))
    assert (story.state.phase, story.alias()) == (Phase.DEGRADED, {1: 90, 2: 10})
    assert "DEGRADED" in str(story.state.outbox[-1])


def test_what_a_sleeping_controller_still_writes_is_not_taken_for_a_stranger() -> None:
    story = canary_story(stable_story(3), number=4)
    story.hear(evidence(story.state, worse=GuardName.FAILURES), settle=False)
    story.hear(CannotServe(3, "no answer"), settle=False)
    assert not decide(story.state, seen(Traffic(3)), story.now).records


def test_two_rollbacks_within_a_day_call_a_person() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    canary_story(story, number=3)
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    assert (story.state.phase, story.alias()) == (Phase.FROZEN, {1: 100})
    canary_story(story, number=4)
    assert story.state.statuses[4] is ReleaseStatus.REQUESTED
    story.hear(ask(Ask.RESUME))
    story.wait(1)
    assert story.alias() == {1: 90, 4: 10}


def test_two_rollbacks_in_two_days_do_not() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    story.now += 90_000
    canary_story(story, number=3)
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    assert story.state.phase is Phase.STABLE


def test_the_same_commit_again_stays_rolled_back() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    before = story.state
    story.hear(CandidateReady(replace(release(2), requested_at=story.now + 1)))
    assert story.state == before


def test_a_quarantined_model_in_a_new_release_is_refused_with_weight_zero() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.ACCURACY))
    again = replace(release(3, model="model-2"), requested_at=story.now + 1)
    story.hear(CandidateReady(again))
    story.wait(10_000)
    assert story.state.statuses[3] is ReleaseStatus.REFUSED
    assert story.alias() == {1: 100}
    assert story.last(RecordKind.REFUSED).data["digest"] == "model-2"


def test_a_lift_needs_a_reason_and_keeps_the_old_evidence() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.ACCURACY))
    story.hear(ask(Ask.LIFT, digest="model-2"))
    assert story.state.quarantine
    story.hear(ask(Ask.LIFT, digest="model-2", reason="the labels were wrong"))
    row = story.last(RecordKind.LIFTED)
    assert (row.data["old_log_e"], row.data["reason"]) == (6.0, "the labels were wrong")


def test_a_lifted_release_that_is_still_wanted_is_tried_again() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.ACCURACY))
    story.hear(ask(Ask.LIFT, digest="model-2", reason="the labels were wrong"))
    story.wait(1)
    assert (story.state.phase, story.alias()) == (Phase.CANARY, {1: 90, 2: 10})


def test_a_cleared_alarm_restores_nothing() -> None:
    story = canary_story()
    story.hear(NativeAlarmRang(2, samples=30))
    for _ in range(20):
        story.wait(3600)
    assert story.alias() == {1: 100}


def test_a_quarantined_candidate_takes_nobodys_turn() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    canary_story(story, 3)
    story.now += 1
    story.hear(CandidateReady(replace(release(2), requested_at=story.now)))
    assert story.state.statuses[2] is ReleaseStatus.REFUSED
    assert (story.state.phase, story.state.the_candidate.number) == (Phase.CANARY, 3)
    assert not story.state.waiting


def test_a_proven_release_that_is_quarantined_is_passed_over() -> None:
    story = stable_story(3)
    second = story.state.good[1]
    entry = Quarantined(QuarantineScope.MODEL, second.model_digest, 9, story.now, "late", None)
    story.state = replace(story.state, quarantine=(entry,))
    story.hear(ask(Ask.ROLLBACK))
    assert story.alias() == {1: 100}


def test_a_person_too_lifts_a_quarantine_before_going_there() -> None:
    story = stable_story(3)
    second = story.state.good[1]
    entry = Quarantined(QuarantineScope.MODEL, second.model_digest, 9, story.now, "late", None)
    story.state = replace(story.state, quarantine=(entry,))
    story.hear(ask(Ask.ROLLBACK, to=2))
    assert story.alias() == {3: 100}
    assert "quarantined: lift it first" in story.last(RecordKind.REFUSED).text
