"""An explanation names the right release, with its numbers, and never without a record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.why.play import BEGAN, MODEL, Play, experiment
from tests.unit.why.scenes import first_release, promoted, rolled_back

from ladle.errors import NotFound
from ladle.policy.statuses import ReleaseStatus
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.policy.verdicts import Evidence
from ladle.quality.evidence import judge
from ladle.releases.effects import RecordKind
from ladle.releases.events import (
    Ask,
    CandidateWithdrawn,
    Event,
    NativeAlarmRang,
    PersonAsked,
    TimePassed,
    TrafficObserved,
)
from ladle.why.explain import TELLERS, explain
from ladle.why.explanation import Conclusion, Explanation, Topic
from ladle.why.facts import Subject
from ladle.why.fates import fates


def told(why: Explanation, topic: Topic) -> str:
    return " ".join(s.text for s in why.sentences if s.topic is topic)


def evidence_now(play: Play) -> Evidence:
    state = play.state
    pair = state.the_stable.number, state.the_candidate.number
    stable, candidate = (play.windows.get(n, []) for n in pair)
    return judge(stable, candidate, state.the_candidate.policy, state.evidence_since, pair)


def test_a_rollback_names_the_release_the_evidence_and_the_rows_that_differ() -> None:
    why = rolled_back().why(compared=(1, 2))
    assert why.conclusion is Conclusion.ROLLED_BACK
    assert (why.release, why.against) == (2, 1)
    assert why.headline.startswith("Release 2 answered wrongly more often than release 1")
    assert why.evidence is not None
    assert why.evidence.log_e >= why.evidence.log_e_limit
    assert f"log e = {why.evidence.log_e:.2f}" in told(why, Topic.EVIDENCE)
    assert f"limit {why.evidence.log_e_limit:.2f}" in told(why, Topic.EVIDENCE)
    differs = told(why, Topic.DIFFERS)
    assert "data only; code, parameters and environment are the same" in differs
    assert "120 of 1,437 rows differ, only in column `label` (3 → 8: 120)" in differs


@pytest.mark.parametrize(
    ("source", "whose"),
    [("shop", "Labels of shop"), ("", "Labels of no source that is told apart")],
)
def test_a_source_of_labels_that_did_not_count_is_named(source: str, whose: str) -> None:
    play = rolled_back()
    at = next(i for i, row in enumerate(play.records) if row.kind == RecordKind.ROLLED_BACK)
    row = play.records[at]
    evidence = {**row.data["evidence"], "left_out": [source]}
    play.records[at] = replace(row, data={**row.data, "evidence": evidence})
    said = [s for s in play.why().sentences if "are left out of the evidence" in s.text]
    assert [s.text for s in said] == [
        f"{whose} cover release 2 and release 1 unequally and are left out of the evidence."
    ]
    assert said[0].records == (row.id,)


def test_a_rollback_says_where_traffic_is_now_and_what_is_quarantined() -> None:
    play = rolled_back()
    done = told(play.why(), Topic.DONE)
    assert "Release 1 has had all traffic again since" in done
    assert "The model of release 2" in done
    assert play.state.quarantine[0].digest.removeprefix("sha256:")[:12] in done


def test_worse_metrics_are_told_as_a_result_and_not_as_a_cause() -> None:
    sentences = [s.text for s in rolled_back().why(compared=(1, 2)).sentences]
    (metrics,) = [s for s in sentences if "accuracy 0.967 → 0.884" in s]
    assert metrics.startswith("As a result, not as a cause")


def test_a_rollback_stays_the_answer_when_the_quarantined_model_is_pinned_again() -> None:
    play = rolled_back()
    play.hand_over(1, play.experiments[1])
    play.hand_over(2, play.experiments[2])
    why = play.why()
    assert why.conclusion is Conclusion.REFUSED
    assert "and got no traffic: its model is quarantined" in why.headline
    cause = next(r for r in play.records if r.kind == "rolled_back")
    assert any(cause.id in s.records for s in why.sentences)
    assert "ladle quarantine lift" in told(why, Topic.DONE)


def test_while_a_trial_runs_the_answer_is_cannot_tell_with_the_requests_still_needed() -> None:
    play = first_release()
    play.hand_over(2, experiment(2, 0, 0.97))
    play.serve(20, {1: 0.03, 2: 0.03}, seed=9)
    facts = replace(play.facts(), evidence=evidence_now(play))
    why = explain(facts)
    assert why.conclusion is Conclusion.CANNOT_TELL
    assert why.headline.startswith("Cannot tell yet")
    assert "before it is proven" in told(why, Topic.NOW).lower()
    needs = [g.needs for g in facts.evidence.guards if g.needs] if facts.evidence else []
    assert f"{max(needs):,} more requests" in why.headline


def test_a_trial_that_nothing_was_counted_of_says_so() -> None:
    play = first_release()
    play.hand_over(2, experiment(2, 0, 0.97))
    assert "nothing was counted yet" in play.why().headline


def test_a_quiet_model_is_not_a_deploy_and_says_since_when() -> None:
    play = promoted()
    play.now += 3600
    why = play.why()
    assert why.conclusion is Conclusion.NOT_A_DEPLOY
    assert why.headline.startswith("Not a deploy: no release changed since")
    assert why.compared is None


def test_asked_by_number_a_promoted_release_shows_the_evidence_that_let_it_in() -> None:
    why = promoted().why(Subject(MODEL, release=3))
    assert why.conclusion is Conclusion.PROMOTED
    assert (why.release, why.against) == (3, 1)
    assert "Release 3 took over from release 1" in why.headline
    assert why.evidence is not None


def test_a_first_release_is_compared_with_nothing() -> None:
    why = first_release().why(Subject(MODEL, release=1))
    assert why.conclusion is Conclusion.FIRST_RELEASE
    assert told(why, Topic.DIFFERS) == ""


def test_a_time_within_a_trial_is_answered_with_that_trial() -> None:
    play = promoted()
    back = next(r for r in play.records if r.kind == "rolled_back")
    assert play.why(Subject(MODEL, at=back.at - 5)).conclusion is Conclusion.ROLLED_BACK
    assert play.why(Subject(MODEL, at=back.at + 5)).conclusion is Conclusion.NOT_A_DEPLOY


def test_a_time_before_the_first_deploy_is_not_a_deploy() -> None:
    why = promoted().why(Subject(MODEL, at=BEGAN - 60))
    assert why.conclusion is Conclusion.NOT_A_DEPLOY
    assert "nothing had been deployed" in why.headline


def test_a_foreign_write_of_the_alias_is_told_with_both_readings() -> None:
    play = first_release()
    play.hear(TrafficObserved(ObservedTraffic(Traffic(7), "r9")))
    why = play.why()
    assert why.conclusion is Conclusion.FROZEN
    assert "the ledger says release 1 at 100 %" in told(why, Topic.EVIDENCE)
    assert "--adopt" in told(why, Topic.NOW)


def test_a_first_release_whose_own_alarm_rings_is_degraded() -> None:
    play = Play()
    play.hand_over(1, experiment(1, 0, 0.97))
    play.hear(NativeAlarmRang(1, 40))
    assert play.why().conclusion is Conclusion.DEGRADED


def test_a_release_without_an_experiment_is_not_blamed_for_data() -> None:
    play = first_release()
    play.hand_over(2)
    play.serve(200, {1: 0.03, 2: 0.4}, seed=5)
    why = play.why()
    assert why.conclusion is Conclusion.ROLLED_BACK
    assert "without a recorded experiment" in told(why, Topic.DIFFERS)


def test_what_has_no_history_is_not_explained() -> None:
    with pytest.raises(NotFound) as nothing:
        Play().why()
    assert nothing.value.code == "LD540"
    with pytest.raises(NotFound) as unknown:
        first_release().why(Subject(MODEL, release=99))
    assert unknown.value.code == "LD541"


def test_every_conclusion_has_its_teller() -> None:
    assert set(TELLERS) == set(Conclusion)


STEPS = st.lists(
    st.sampled_from(
        [
            "new",
            "again",
            "unrecorded",
            "serve",
            "bad",
            "wait",
            "pause",
            "resume",
            "promote",
            "rollback",
            "foreign",
            "adopt",
            "alarm",
            "lift",
            "withdraw",
        ]
    ),
    max_size=14,
)


@settings(max_examples=150)
@given(STEPS, st.one_of(st.none(), st.integers(1, 6)), st.one_of(st.none(), st.floats(-60, 900)))
def test_no_history_yields_a_sentence_without_a_record_of_its_facts(
    steps: list[str], release: int | None, after_s: float | None
) -> None:
    play = live(steps)
    subject = Subject(MODEL, release, None if after_s is None else BEGAN + after_s)
    facts = play.facts(subject)
    try:
        why = explain(facts)
    except NotFound:
        assert not play.records or release is not None
        return
    assert why.sentences[0].topic is Topic.CONCLUSION
    for sentence in why.sentences:
        assert sentence.records
        assert set(sentence.records) <= facts.ids
        assert "None" not in sentence.text


def live(steps: list[str]) -> Play:
    """A first release, then whatever ``steps`` name; each is a thing that can really happen."""
    play, number = first_release(), 1
    for seed, step in enumerate(steps):
        play.now += 7
        if step in ("new", "unrecorded"):
            number += 1
            play.hand_over(number, experiment(number, 0, 0.97) if step == "new" else None)
        elif step == "again":
            play.hand_over(number, play.experiments.get(number))
        elif step in ("serve", "bad"):
            rate = 0.5 if step == "bad" else 0.03
            if play.state.traffic is not None:
                wrong = {n: rate if n == number else 0.03 for n in range(1, number + 1)} | {77: 0.0}
                play.serve(24, wrong, seed)
        else:
            play.hear(_event(step, play, number))
        play.settle()
    return play


def _event(step: str, play: Play, number: int) -> Event:
    asks = {
        "pause": Ask.PAUSE,
        "resume": Ask.RESUME,
        "promote": Ask.PROMOTE,
        "rollback": Ask.ROLLBACK,
        "adopt": Ask.ADOPT,
        "lift": Ask.LIFT,
    }
    if step in asks:
        digest = play.state.quarantine[0].digest if play.state.quarantine else "sha256:0"
        return PersonAsked(asks[step], "ana", "to see", digest=digest if step == "lift" else None)
    if step == "foreign":
        return TrafficObserved(ObservedTraffic(Traffic(77), "r"))
    if step == "alarm":
        return NativeAlarmRang(number, 40)
    if step == "withdraw" and play.state.handed_over:
        return CandidateWithdrawn(play.state.handed_over)
    return TimePassed()


def test_a_story_told_twice_is_the_same_story() -> None:
    assert rolled_back().why() == rolled_back().why()


def test_a_release_that_was_retired_is_still_known_by_how_it_ended() -> None:
    play = promoted()
    play.now += 3
    play.hear(TimePassed())
    retired = [n for n, s in play.state.statuses.items() if s is ReleaseStatus.RETIRED]
    assert retired == [2]
    known = {f.release: f.status for f in fates(play.records, play.state)}
    assert known == {
        1: ReleaseStatus.GOOD,
        2: ReleaseStatus.REFUSED,
        3: ReleaseStatus.GOOD,
    }
