"""A model is stopped for its cost where somebody signed, after people were told, and until a person says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle.policy.rollout import GuardName, RolloutPolicy
from ladle.policy.statuses import Phase
from ladle.policy.stopping import Overrun, StopPolicy
from ladle.policy.traffic import Traffic
from ladle.releases.effects import RecordKind
from ladle.releases.events import (
    Ask,
    CandidateReady,
    CandidateWithdrawn,
    CostRead,
    Event,
    NativeAlarmRang,
    OutboxDone,
    SwitchRead,
    TimePassed,
)
from ladle.releases.outbox import Notify, Switch
from ladle.releases.stopping import OURS_S, SHOWN_AFTER_S
from ladle.testing.releases import Story, ask, canary_story, evidence, release, seen, stable_story

SIGNED = StopPolicy(signed_by="ada@example.com", grace_s=3600.0, capped=True)
SPENT = CostRead(Overrun("cap 2026-11", "fraud has cost 26.00 USD in 2026-11, of 25.00"))
FINE = CostRead(None)


def stopped_story(story: Story | None = None) -> Story:
    story = story or stable_story(2, stop=SIGNED)
    story.hear(SPENT)
    story.now += SIGNED.grace_s
    story.hear(SPENT)
    assert story.state.phase is Phase.STOPPED
    return story


def test_nothing_is_stopped_where_nobody_signed() -> None:
    story = stable_story(2)
    assert not story.hear(SPENT).records


def test_people_are_told_first_and_once() -> None:
    story = stable_story(2, stop=SIGNED)
    told = story.hear(SPENT, settle=False)
    assert any(isinstance(e, Notify) and "ladle resume" in e.text for e in told.state.outbox)
    story.now += SIGNED.grace_s - 1
    assert not story.hear(SPENT).records
    assert story.state.phase is Phase.STABLE


def test_after_the_grace_it_stops_and_says_who_signed() -> None:
    story = stopped_story()
    row = story.last(RecordKind.STOPPED)
    assert row.data == {"signed_by": "ada@example.com", "ceiling": "cap 2026-11"}
    assert "26.00 USD" in story.state.reason
    assert story.alias() == {2: 100}


def test_a_ceiling_that_is_raised_in_time_calls_it_off() -> None:
    story = stable_story(2, stop=SIGNED)
    story.hear(SPENT)
    story.hear(FINE)
    story.now += 2 * SIGNED.grace_s
    story.hear(SPENT)
    assert story.state.phase is Phase.STABLE, "told anew, with the whole grace"
    assert story.kinds().count(RecordKind.STOP_NOTICE) == 3


@pytest.mark.parametrize("meets", ["worse", "alarm", "time", "foreign alias"])
def test_requests_that_are_turned_away_are_held_against_no_release(meets: str) -> None:
    story = stopped_story(canary_story(stop=SIGNED))
    read = evidence(story.state, worse=GuardName.FAILURES)
    events: dict[str, Event] = {
        "worse": read,
        "alarm": NativeAlarmRang(2, 500),
        "time": TimePassed(),
        "foreign alias": seen(Traffic(2)),
    }
    story.now += 10 * 86400
    assert not story.hear(events[meets]).records
    assert story.state.phase is Phase.STOPPED


def test_a_person_starts_it_again_where_it_stood_and_it_is_recorded() -> None:
    story = canary_story(stop=SIGNED)
    trial_s = story.now - story.state.phase_since
    stopped_story(story)
    trial_s += SIGNED.grace_s
    story.now += 86400
    told = story.hear(ask(Ask.RESUME, reason="the campaign is on"), settle=False)
    assert Switch(on=True) in told.state.outbox
    assert (story.state.phase, story.state.on_trial) == (Phase.CANARY, story.state.candidate)
    assert story.now - story.state.phase_since == trial_s, "the trial's clock stood still"
    row = story.last(RecordKind.RESUMED)
    assert (row.data["by"], row.data["reason"]) == ("ada", "the campaign is on")


def test_who_resumes_is_not_stopped_for_the_same_month_again() -> None:
    story = stopped_story()
    story.hear(ask(Ask.RESUME))
    assert not story.hear(SPENT).records
    story.hear(CostRead(Overrun("cap 2026-12", "again")))
    assert story.state.stop_notice is not None


def test_a_person_may_say_no_before_it_stops() -> None:
    story = stable_story(2, stop=SIGNED)
    story.hear(SPENT)
    story.hear(ask(Ask.RESUME))
    story.now += 2 * SIGNED.grace_s
    story.hear(SPENT)
    assert (story.state.phase, story.state.stop_notice) == (Phase.STABLE, None)


def test_without_a_stop_or_its_notice_there_is_nothing_to_resume() -> None:
    story = stable_story(2, stop=SIGNED)
    story.hear(ask(Ask.RESUME))
    assert story.last(RecordKind.REFUSED).text.endswith("that is not possible while STABLE")


def test_the_last_word_counts() -> None:
    story = stopped_story()
    story.hear(SPENT, settle=False)
    off = story.state.outbox
    story.hear(ask(Ask.RESUME), settle=False)
    assert Switch(on=False) not in story.state.outbox, off


ODD = SwitchRead(as_told=False)
AS_TOLD = SwitchRead(as_told=True)


def carried_out(story: Story) -> None:
    story.hear(OutboxDone(story.state.outbox))
    story.now += SHOWN_AFTER_S


def test_an_old_decision_that_is_carried_out_late_is_put_right_and_recorded() -> None:
    story = stopped_story()
    carried_out(story)
    story.hear(ODD)
    assert story.state.outbox[-2:-1] == (Switch(on=False),)
    story.hear(ask(Ask.RESUME))
    carried_out(story)
    story.hear(ODD)
    assert Switch(on=True) in story.state.outbox
    assert "is switched off while the ledger says STABLE" in story.last(RecordKind.INCIDENT).text
    assert not story.hear(ODD).records, "it is about to be switched"


def test_what_aws_still_shows_of_before_a_switch_is_no_reason_for_another() -> None:
    story = stopped_story()
    story.hear(OutboxDone(story.state.outbox))
    assert not story.hear(ODD).records


def test_who_switches_it_by_hand_is_told_of_once_and_not_fought() -> None:
    story = stable_story(2, stop=SIGNED)
    story.now += OURS_S
    told = story.hear(ODD)
    assert "somebody else" in story.last(RecordKind.INCIDENT).text
    assert [type(effect) for effect in told.state.outbox] == [Notify]
    assert not story.hear(ODD).records
    story.hear(AS_TOLD)
    assert "as the ledger says again" in story.last(RecordKind.INCIDENT).text
    assert not story.hear(AS_TOLD).records


def test_a_person_may_start_what_somebody_else_stopped() -> None:
    story = stable_story(2, stop=SIGNED)
    story.now += OURS_S
    story.hear(ODD)
    assert story.state.switched_elsewhere
    story.hear(ask(Ask.RESUME))
    assert Switch(on=True) in story.state.outbox
    assert not story.state.switched_elsewhere


def test_a_stop_that_aws_took_late_is_ours_and_no_strangers() -> None:
    story = stopped_story()
    story.now += 2 * OURS_S  # until then AWS refused it
    story.hear(OutboxDone(story.state.outbox))
    assert not story.hear(ODD).records, "AWS shows what was before"
    story.now += SHOWN_AFTER_S
    assert not story.hear(AS_TOLD).records, "and then what is"


def test_a_hand_is_not_fought_for_longer_because_it_was_fought() -> None:
    story = stopped_story()
    carried_out(story)
    while story.now - story.state.switched_at <= OURS_S:
        story.hear(ODD)
        carried_out(story)
    story.hear(ODD)
    assert story.state.switched_elsewhere


def test_what_was_stopped_long_ago_and_serves_was_started_by_somebody_else() -> None:
    story = stopped_story()
    carried_out(story)
    story.now += OURS_S
    story.hear(ODD)
    assert Switch(on=False) not in story.state.outbox
    assert (story.state.phase, story.state.switched_elsewhere) == (Phase.STOPPED, True)


def test_a_commit_waits_until_it_serves_again() -> None:
    story = stopped_story()
    story.hear(CandidateReady(replace(release(9, stop=SIGNED), requested_at=story.now)))
    assert (story.state.phase, story.alias()) == (Phase.STOPPED, {2: 100})
    story.hear(ask(Ask.RESUME))
    story.hear(TimePassed())
    assert (story.state.phase, story.state.the_candidate.number) == (Phase.CANARY, 9)


def test_a_deploy_that_went_back_is_heard_when_it_serves_again() -> None:
    story = stopped_story(canary_story(stop=SIGNED))
    gone = CandidateWithdrawn(story.state.the_candidate.release_digest)
    assert not story.hear(gone).heard


def test_a_policy_with_a_signature_keeps_in_json() -> None:
    policy = RolloutPolicy(stop=SIGNED)
    assert RolloutPolicy.from_json(policy.to_json()) == policy
    assert "stop" not in RolloutPolicy().to_json()
