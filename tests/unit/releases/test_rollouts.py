"""How a release gets traffic, and what must be seen before it gets more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle.catalog import OnInconclusive, Promote, Strategy
from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.effects import RecordKind
from ladle.releases.events import (
    Ask,
    CandidateReady,
    CandidateWithdrawn,
    NativeAlarmRang,
    TimePassed,
)
from ladle.releases.outbox import Retire
from ladle.testing.releases import (
    Story,
    ask,
    canary_story,
    evidence,
    holdback_story,
    release,
    stable_story,
)


def test_a_first_release_takes_all_traffic_and_is_not_proven_yet() -> None:
    story = Story()
    story.hear(CandidateReady(release(1)))
    assert story.alias() == {1: 100}
    assert story.state.phase is Phase.BASELINE
    assert story.state.good == ()


@pytest.mark.parametrize(("requests", "waited"), [(49, 200), (500, 99)])
def test_a_first_release_is_not_proven_without_bake_and_minimum_evidence(
    requests: int, waited: float
) -> None:
    story = Story()
    story.hear(CandidateReady(release(1)))
    story.now += waited
    story.hear(evidence(story.state, requests=requests))
    assert story.state.phase is Phase.BASELINE


def test_a_first_release_is_proven_by_a_person() -> None:
    story = Story()
    story.hear(CandidateReady(release(1)))
    story.hear(ask(Ask.PROMOTE))
    assert [r.number for r in story.state.good] == [1]
    assert story.last(RecordKind.GOOD).data["by"] == "ada"


def test_a_native_alarm_on_the_first_release_degrades() -> None:
    story = Story()
    story.hear(CandidateReady(release(1)))
    story.hear(NativeAlarmRang(1, samples=20))
    assert story.state.phase is Phase.DEGRADED
    assert story.alias() == {1: 100}
    assert "DEGRADED" in story.state.outbox[0].subject  # type: ignore[union-attr]


def test_in_degraded_the_next_release_takes_all_traffic() -> None:
    story = Story()
    story.hear(CandidateReady(release(1)))
    story.hear(NativeAlarmRang(1, samples=20))
    story.hear(CandidateReady(release(2)))
    assert (story.state.phase, story.alias()) == (Phase.BASELINE, {2: 100})


def test_a_candidate_starts_with_the_share_of_its_policy() -> None:
    story = canary_story(canary_percent=25.0)
    assert (story.state.phase, story.alias()) == (Phase.CANARY, {1: 75, 2: 25})


def test_an_all_at_once_candidate_starts_in_holdback() -> None:
    story = canary_story(strategy=Strategy.ALL_AT_ONCE)
    assert (story.state.phase, story.alias()) == (Phase.HOLDBACK, {2: 95, 1: 5})
    assert story.state.evidence_since == story.now


def test_a_promotion_makes_the_candidate_main_and_keeps_the_old_stable_as_rival() -> None:
    story = holdback_story()
    assert (story.state.phase, story.alias()) == (Phase.HOLDBACK, {2: 95, 1: 5})
    assert story.last(RecordKind.PROMOTED).data["evidence"]["candidate_requests"] == 500


def test_one_rollout_has_one_evidence() -> None:
    canary, holdback = canary_story(), holdback_story()
    assert holdback.state.evidence_since == canary.state.evidence_since


def test_a_candidate_is_proven_when_its_holdback_ends() -> None:
    story = holdback_story()
    story.wait(199)
    assert story.state.phase is Phase.HOLDBACK
    story.wait(1)
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {2: 100})
    assert [r.number for r in story.state.good] == [1, 2]


@pytest.mark.parametrize(
    "lacking",
    [
        {"requests": 49},
        {"labels": 19},
        {"alive": False},
        {"guards": ()},
        {"candidate_release": 9},
        {"since": -1.0},
    ],
)
def test_nothing_is_promoted_while_something_is_lacking(lacking: dict[str, object]) -> None:
    story = canary_story()
    story.now += 150
    story.hear(evidence(story.state, **lacking))  # type: ignore[arg-type]
    assert story.state.phase is Phase.CANARY


def test_nothing_is_promoted_before_the_bake_is_over() -> None:
    story = canary_story()
    story.now += 99
    story.hear(evidence(story.state))
    assert story.state.phase is Phase.CANARY


def test_without_expected_labels_none_are_waited_for() -> None:
    story = canary_story(labels_expected=False)
    story.now += 150
    story.hear(evidence(story.state, labels=0))
    assert story.state.phase is Phase.HOLDBACK


def test_a_strict_rollout_wants_every_guard_to_say_not_worse() -> None:
    story = canary_story(promote=Promote.WHEN_NOT_WORSE)
    story.now += 150
    story.hear(evidence(story.state, sure=False))
    assert story.state.phase is Phase.CANARY
    story.hear(evidence(story.state))
    assert story.state.phase is Phase.HOLDBACK


def test_a_lenient_rollout_is_content_when_no_guard_says_worse() -> None:
    story = canary_story(promote=Promote.AFTER_BAKE)
    story.now += 150
    story.hear(evidence(story.state, sure=False))
    assert story.state.phase is Phase.HOLDBACK


def test_silence_is_never_promoted() -> None:
    story = canary_story()
    story.wait(999)
    assert story.state.phase is Phase.CANARY
    story.wait(1)
    assert story.state.phase is Phase.PAUSED
    story.wait(10_000_000)
    assert (story.state.phase, story.alias()) == (Phase.PAUSED, {1: 90, 2: 10})


@pytest.mark.parametrize(
    ("policy", "phase", "alias"),
    [
        (OnInconclusive.HOLD, Phase.PAUSED, {1: 90, 2: 10}),
        (OnInconclusive.PROMOTE, Phase.HOLDBACK, {2: 95, 1: 5}),
        (OnInconclusive.ROLLBACK, Phase.STABLE, {1: 100}),
    ],
)
@pytest.mark.parametrize("read", [True, False])
def test_when_time_is_up_the_config_decides(
    policy: OnInconclusive, phase: Phase, alias: dict[int, float], read: bool
) -> None:
    story = canary_story(on_inconclusive=policy)
    story.now += 1000
    story.hear(evidence(story.state, requests=3) if read else TimePassed())
    assert (story.state.phase, story.alias()) == (phase, alias)


def test_a_pause_for_want_of_evidence_still_sees_the_worse() -> None:
    story = canary_story()
    story.wait(1000)
    story.hear(evidence(story.state, worse=GuardName.ACCURACY))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {1: 100})


def test_a_newer_release_takes_the_place_of_a_canary() -> None:
    story = canary_story()
    story.hear(CandidateReady(replace(release(3), requested_at=story.now + 1)))
    assert story.alias() == {1: 100}
    assert story.state.statuses[2] is ReleaseStatus.SUPERSEDED
    assert story.state.statuses[3] is ReleaseStatus.REQUESTED
    story.wait(1)
    assert story.alias() == {1: 90, 3: 10}
    assert story.state.evidence_since == story.now


def test_a_newer_release_ends_a_holdback_at_once() -> None:
    story = holdback_story()
    story.hear(CandidateReady(replace(release(3), requested_at=story.now + 1)))
    assert story.state.statuses[2] is ReleaseStatus.GOOD
    story.wait(1)
    assert story.alias() == {2: 90, 3: 10}


def test_during_a_baseline_only_the_newest_waits() -> None:
    story = Story()
    story.hear(CandidateReady(release(1)))
    story.hear(CandidateReady(release(2)))
    story.hear(CandidateReady(release(3)))
    assert story.state.statuses[2] is ReleaseStatus.SUPERSEDED
    assert story.state.statuses[3] is ReleaseStatus.REQUESTED
    story.now += 200
    story.hear(evidence(story.state))
    story.wait(1)
    assert story.alias() == {1: 90, 3: 10}


def test_a_proven_digest_is_restored_without_a_canary() -> None:
    story = stable_story(3)
    story.hear(CandidateReady(replace(release(1), requested_at=story.now + 1)))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {1: 100})
    assert [r.number for r in story.state.good] == [2, 3, 1]


def test_going_back_to_what_serves_ends_the_canary_and_leaves_nobody_waiting() -> None:
    story = canary_story()
    story.hear(CandidateReady(replace(release(1), requested_at=story.now + 1)))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {1: 100})
    turn = story.wait(1)
    assert turn.records  # without a row the controller keeps nothing of what the clock decides
    assert story.state.waiting == ()
    assert story.state.statuses[1] is ReleaseStatus.GOOD


def test_the_same_digest_again_changes_the_policy_only() -> None:
    story = canary_story()
    again = replace(release(2, bake_s=7.0), requested_at=story.now + 5)
    story.hear(CandidateReady(again))
    assert story.alias() == {1: 90, 2: 10}
    assert story.state.the_candidate.policy.bake_s == 7.0
    assert story.kinds()[-1] is RecordKind.POLICY


def test_the_same_digest_and_policy_again_is_nothing() -> None:
    story = canary_story()
    before = story.state
    story.hear(CandidateReady(replace(release(2), requested_at=story.now + 5)))
    assert story.state == before


def test_a_hand_off_that_comes_late_gives_way_to_the_newer() -> None:
    story = canary_story(number=2)
    story.hear(CandidateReady(replace(release(9), requested_at=1.5)))
    assert story.alias() == {1: 90, 2: 10}
    assert story.state.statuses[9] is ReleaseStatus.SUPERSEDED


def test_a_withdrawn_candidate_is_superseded_and_may_come_again() -> None:
    story = canary_story()
    story.hear(CandidateWithdrawn("release-2"))
    assert (story.alias(), story.state.statuses[2]) == ({1: 100}, ReleaseStatus.SUPERSEDED)
    story.hear(CandidateReady(replace(release(2), requested_at=story.now + 9)))
    assert story.alias() == {1: 90, 2: 10}


def test_what_may_serve_again_is_kept_and_the_rest_is_retired() -> None:
    story = stable_story(8)
    story.wait(1)
    assert {r.number for r in story.state.releases} == {4, 5, 6, 7, 8}
    assert story.state.statuses[3] is ReleaseStatus.RETIRED


def test_a_retired_release_that_is_handed_over_late_is_not_deleted() -> None:
    """Found by story 54,276: somebody had given it traffic, so that its deletion waited."""
    story = canary_story()
    story.hear(CandidateReady(replace(release(3), requested_at=story.now + 1)))
    story.hear(CandidateWithdrawn("release-3"))
    story.wait(1)
    assert story.state.outbox == (Retire((2,)),)
    story.hear(CandidateReady(replace(release(2), requested_at=1.0)))
    assert story.state.outbox == (Retire(()),)
