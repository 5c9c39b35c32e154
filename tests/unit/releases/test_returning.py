"""A candidate that could not be taken back is not tried; a permission that comes back is noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle.catalog import Strategy
from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.releases.effects import RecordKind
from ladle.releases.events import Ask, CandidateReady, PersonAsked, RollbackTried
from ladle.releases.state import ReleaseState
from ladle.testing.releases import Story, evidence, release, seen, stable_story

DENIED = RollbackTried("AccessDeniedException lambda:UpdateAlias")


@pytest.fixture(params=list(Strategy))
def waiting(request: pytest.FixtureRequest) -> Story:
    """Release 2 was about to get traffic when the dry run of a rollback was refused."""
    story = stable_story()
    candidate = replace(release(2, strategy=request.param), requested_at=story.now)
    story.hear(CandidateReady(candidate), settle=False)
    story.hear(DENIED)
    return story


def test_the_candidate_waits_and_people_are_told_what_is_missing(waiting: Story) -> None:
    state = waiting.state
    assert (state.phase, waiting.alias()) == (Phase.STABLE, {1: 100})
    assert (state.statuses[2], [r.number for r in state.waiting]) == (ReleaseStatus.REQUESTED, [2])
    assert "lambda:UpdateAlias" in state.reason
    assert "lambda:UpdateAlias" in state.outbox[-1].text  # type: ignore[union-attr]


def test_time_alone_does_not_start_it(waiting: Story) -> None:
    waiting.wait(1000.0)
    assert waiting.alias() == {1: 100}


def test_the_same_refusal_again_says_nothing_more(waiting: Story) -> None:
    before = (waiting.state, len(waiting.rows))
    waiting.hear(DENIED)
    assert (waiting.state, len(waiting.rows)) == before


def test_it_is_tried_once_the_dry_run_goes_through(waiting: Story) -> None:
    waiting.hear(RollbackTried(None))
    assert waiting.last(RecordKind.RESUMED).text == "traffic can be moved again"
    waiting.wait(1.0)
    assert waiting.state.statuses[2] in (ReleaseStatus.CANARY, ReleaseStatus.HOLDBACK)


def test_a_write_of_a_slow_controller_that_comes_through_is_ours_and_taken_back(
    waiting: Story,
) -> None:
    """Found by story 1,035,265: nobody watched the share that it left."""
    (given_up,) = waiting.state.overtaken
    waiting.hear(seen(given_up))
    assert (waiting.state.phase, waiting.alias()) == (Phase.STABLE, {1: 100})


def test_of_several_writes_that_were_given_up_each_is_known_as_ours(waiting: Story) -> None:
    """Found by story 1,096,036: only the newest was, and the alias froze."""
    (first,) = waiting.state.overtaken
    newer = replace(release(3, strategy=Strategy.CANARY), requested_at=waiting.now + 1)
    waiting.hear(CandidateReady(newer), settle=False)
    waiting.hear(DENIED)
    assert waiting.state.statuses[3] is ReleaseStatus.REQUESTED
    waiting.hear(seen(first))
    assert (waiting.state.phase, waiting.alias()) == (Phase.STABLE, {1: 100})


def test_a_write_that_comes_through_while_a_person_paused_is_taken_back_once_he_resumes(
    waiting: Story,
) -> None:
    """Found by one crash in story 231: the share stayed, and its release could not be retired."""
    (given_up,) = waiting.state.overtaken
    waiting.hear(PersonAsked(Ask.PAUSE, by="ada", reason="to look"))
    waiting.hear(seen(given_up))
    assert waiting.state.traffic == given_up, "nothing moves meanwhile"
    waiting.hear(PersonAsked(Ask.RESUME, by="ada", reason="seen"))
    waiting.hear(seen(given_up))
    assert (waiting.state.phase, waiting.alias()) == (Phase.STABLE, {1: 100})


def test_a_rollback_that_aws_refuses_stays_intended_and_is_told_once() -> None:
    story = stable_story()
    story.hear(CandidateReady(replace(release(2), requested_at=story.now)))
    story.hear(evidence(story.state, worse=GuardName.FAILURES), settle=False)
    intent = story.state.intent
    story.hear(DENIED, settle=False)
    story.hear(DENIED, settle=False)
    assert story.state.intent == intent
    subjects = [e.subject for e in story.state.outbox]  # type: ignore[union-attr]
    assert subjects.count("fraud: a rollback is not possible") == 1


@pytest.mark.parametrize("kept", [None, {"main": 1, "canary": 2, "canary_weight": 0.1}])
def test_a_state_is_read_that_was_written_when_one_write_was_known(
    waiting: Story, kept: dict[str, float] | None
) -> None:
    state = ReleaseState.from_json({**waiting.state.to_json(), "overtaken": kept})
    assert state.overtaken == (() if kept is None else (Traffic(1, 2, 0.1),))
