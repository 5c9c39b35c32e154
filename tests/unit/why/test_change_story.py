"""What the labels say is told with its numbers, its doubt and its records, and never over a trial."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace

import pytest
from tests.unit.why.play import MODEL, Play, experiment
from tests.unit.why.scenes import days, promoted, slipped_through

from ladle.quality import errors
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.drift import Drift, Onset
from ladle.releases.deploy_log import Deployment, log_changes
from ladle.releases.effects import NewRecord
from ladle.why.change import QualityReport, quality_report
from ladle.why.change_story import what_changed
from ladle.why.explain import explain
from ladle.why.explanation import Conclusion, Explanation, Topic
from ladle.why.facts import Facts, Subject, served_ref
from ladle.why.focus import asks_the_labels, focus
from ladle.why.mix import Mix

DAY = 86_400.0


def deploy_log(play: Play) -> tuple[Deployment, ...]:
    """As a ledger would have written it."""
    state, rows = replace(play.state, deployed=None), []
    for r in play.records:
        new = NewRecord(r.kind, r.release, r.text, r.data)
        state, added = log_changes(state, [new], r.at)
        rows += added
    return tuple(rows)


def facts(play: Play, at: float | None = None, release: int | None = None) -> Facts:
    known = play.facts(Subject(MODEL, release, at))
    quality = None
    if asks_the_labels(known.subject, focus(known.subject, known.records, known.state)):
        quality = quality_report(play.windows, play.now, at)
    return replace(known, quality=quality, served=deploy_log(play))


def why(play: Play, at: float | None = None) -> Explanation:
    return explain(facts(play, at))


def told(what: Explanation, topic: Topic) -> str:
    return " ".join(s.text for s in what.sentences if s.topic is topic)


@pytest.fixture(scope="module")
def slipped() -> Play:
    return slipped_through()


def from_outside() -> Play:
    """The loss comes three days after the release, for which nothing changed."""
    play = slipped_through(days_after=0)
    days(play, 4, {2: 0.05}, seed=21)
    days(play, 7, {2: 0.1}, seed=22)
    return play


def test_a_release_that_slipped_through_is_to_blame_with_the_way_back(slipped: Play) -> None:
    what = why(slipped)
    assert what.conclusion is Conclusion.TO_BLAME
    assert (what.release, what.against) == (2, 1)
    assert what.headline.startswith("The deployment of release 2 is to blame (97 %)")
    evidence = told(what, Topic.EVIDENCE)
    assert evidence.startswith("Side by side, release 2 was wrong in 9.2 of 149 labels")
    assert "limit 4.1, which a series without a change crosses in at most 1 % of cases" in evidence
    assert "ladle rollback digits --to 1" in told(what, Topic.NOW)


def test_asked_about_a_week_ago_the_answer_is_the_same(slipped: Play) -> None:
    assert why(slipped, slipped.now - 7 * DAY).conclusion is Conclusion.TO_BLAME


def test_labels_of_before_the_loss_blame_nobody(slipped: Play) -> None:
    what = explain(
        replace(
            facts(slipped),
            quality=quality_report(slipped.windows, slipped.now - 7.5 * DAY),
        )
    )
    assert what.conclusion is Conclusion.NOT_A_DEPLOY
    assert "no change stands out" in told(what, Topic.EVIDENCE)


def test_what_came_from_outside_is_not_a_deployment() -> None:
    what = why(from_outside())
    assert what.conclusion is Conclusion.OUTSIDE
    assert what.headline.startswith("Not a deployment")
    assert what.release != 2 or what.compared is None


def test_callers_that_changed_are_told_beside_an_outside_cause() -> None:
    play = from_outside()
    lost = play.now - 7 * DAY
    play.windows[2] = [
        w._replace(counts=w.counts + Counts(200, rejected=90)) if w.start > lost else w
        for w in play.windows[2]
    ]
    evidence = told(why(play), Topic.EVIDENCE)
    assert re.search(r"requests went from 10\d to 300 an hour", evidence)
    assert "requests refused for what the caller sent went from 0 % to 30 %" in evidence
    assert "the share of requests that got a label went from 100 % to 33.3 %" in evidence


def test_inputs_that_left_their_training_are_told_beside_the_change(slipped: Play) -> None:
    known = facts(slipped)
    _, change = known.the_change
    far = Drift("age", 900, 0.3, 0.05, 0.6)
    near, before = Onset(2, far, change.began), Onset(1, far, change.began - 9 * DAY)
    evidence = told(explain(replace(known, drifted=(near, before))), Topic.EVIDENCE)
    assert "age of release 2 differs from its training: 30 % of 900 rows lie elsewhere" in evidence
    assert "age of release 1" not in evidence


def test_who_asked_is_told_apart_from_how_they_were_answered(slipped: Play) -> None:
    mix = Mix("region", 0.03, -0.01, "region=eu", 0.2, 0.6)
    evidence = told(explain(replace(facts(slipped), mixes=(mix,))), Topic.EVIDENCE)
    assert "3 points were lost by another mix of callers (most of all region=eu" in evidence
    assert "1 points were won within the segments" in evidence


def test_a_regression_that_is_further_off_is_told_by_its_error() -> None:
    """Three weeks, of which the last is twice as far off."""
    draws = random.Random(3)
    hours = [
        Window(3600.0 * k, sum((off(draws.gauss(0, 1 + (k >= 336))) for _ in range(60)), Counts()))
        for k in range(504)
    ]
    report = quality_report({1: hours}, 504 * 3600.0)
    assert report.change is not None
    assert report.change.worse
    assert report.change.began == pytest.approx(336 * 3600.0, abs=7200)
    assert what_changed(report.change).startswith("the error rose by ")


def off(error: float) -> Counts:
    return Counts(1, labelled_micro=MICRO, tallies=errors.tallies(error, 0.0, MICRO))


def test_a_doubtful_cause_is_told_as_doubt_with_what_would_help() -> None:
    """Nothing but the time speaks against release 2: beside the other it was the better one."""
    what = why(slipped_through(tried=0.03))
    assert what.conclusion is Conclusion.UNCLEAR
    assert what.headline.startswith("Cannot tell yet whether a deployment is to blame")
    assert "release 2" in told(what, Topic.EVIDENCE)
    assert "would tell" in told(what, Topic.NOW)


def test_few_labels_are_answered_with_how_many_more_it_takes() -> None:
    play = promoted()
    days(play, 2, {3: 0.02}, seed=41, labels=3)
    what = why(play)
    assert what.conclusion is Conclusion.NOT_A_DEPLOY
    assert "more labels until a lasting change of 2 points" in told(what, Topic.EVIDENCE)
    assert what.to_json()["labels_needed"] > 0


def test_a_loss_that_was_made_good_is_told_and_leads_no_more() -> None:
    play = slipped_through()
    days(play, 7, {2: 0.02}, seed=51)
    what = why(play)
    assert what.conclusion is Conclusion.NOT_A_DEPLOY
    assert "accuracy fell" in told(what, Topic.EVIDENCE).lower()


def test_a_running_trial_is_not_talked_over_by_the_weeks_before(slipped: Play) -> None:
    play = replace(slipped, records=list(slipped.records), windows=dict(slipped.windows))
    play.hand_over(3, experiment(3, 0, 0.97))
    assert facts(play).quality is None
    assert why(play).conclusion is Conclusion.CANNOT_TELL


def test_without_labels_nothing_is_said_of_accuracy() -> None:
    play = promoted()
    play.windows = {3: [Window(play.now, Counts(10))]}
    assert not any(s.text.startswith("Accuracy") for s in why(play).sentences)


@pytest.mark.parametrize("scene", [slipped_through, from_outside, promoted])
def test_every_sentence_cites_records_that_are_there(scene: type[Play]) -> None:
    known = facts(scene())
    what = explain(known)
    assert all(s.records and set(s.records) <= known.ids for s in what.sentences)
    if what.conclusion is Conclusion.TO_BLAME:
        assert any(served_ref(row) in what.sentences[0].records for row in known.served)


def test_the_json_answer_holds_the_change_with_its_causes(slipped: Play) -> None:
    data = json.loads(json.dumps(why(slipped).to_json()))
    assert data["verdict"] == "deployment to blame"
    change = data["change"]
    assert change["release"] == 2
    assert change["form"] == "step"
    assert change["causes"]["by_release"]["2"] == pytest.approx(0.98, abs=0.02)
    assert change["earliest"] <= change["began"] <= change["latest"]
    assert data["labels_needed"] is None


def test_a_report_is_of_the_weeks_that_were_asked_about(slipped: Play) -> None:
    early = quality_report(slipped.windows, slipped.now, slipped.now - 12 * DAY)
    assert isinstance(early, QualityReport)
    assert early.series.ripe_until <= slipped.now - 5 * DAY + 3600


@pytest.mark.parametrize("days_ago", [-400, -1, 0, 0.01, 5, 10, 16.9, 18, 60, 1000])
def test_any_time_can_be_asked_about(slipped: Play, days_ago: float) -> None:
    report = quality_report(slipped.windows, slipped.now, slipped.now - days_ago * DAY)
    assert report.series.labelled >= 0
    assert report.change is None or report.change.earliest <= report.change.latest
