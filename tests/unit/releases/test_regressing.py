"""An incident is told once; traffic goes back only where the release that serves is itself to blame."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle.policy.statuses import Phase
from ladle.releases.effects import RecordKind
from ladle.releases.events import CandidateReady, LateRegression
from ladle.releases.state import ReleaseState
from ladle.testing.releases import Story, canary_story, release, stable_story

FOUND = LateRegression(2, "worse than at its trial", {"log_e": 8.0, "reason": "8 of 6.9"}, 2, True)


def test_a_release_that_is_to_blame_goes_back_and_stays_out() -> None:
    story = stable_story(2)
    story.hear(FOUND)
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {1: 100})
    assert story.state.quarantined(release(2)) is not None
    row = story.last(RecordKind.INCIDENT)
    assert row.data == FOUND.data
    assert story.last(RecordKind.ROLLED_BACK).data["log_e"] == 8.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to_blame": None}, "no release is to blame"),
        ({"to_blame": 1}, "release 1 began it"),
        ({"contract_kept": False}, "the data changed"),
    ],
)
def test_what_it_is_not_to_blame_for_is_told_and_traffic_stays(
    changes: dict[str, object], said: str
) -> None:
    story = stable_story(2)
    story.hear(replace(FOUND, **changes))  # type: ignore[arg-type]
    assert story.alias() == {2: 100}
    assert said in story.last(RecordKind.INCIDENT).text
    assert [e.subject for e in story.state.outbox] == ["fraud: incident"]  # type: ignore[union-attr]
    story.hear(replace(FOUND, **changes))  # type: ignore[arg-type]
    assert story.kinds().count(RecordKind.INCIDENT) == 1


def test_without_another_proven_release_it_serves_on() -> None:
    story = stable_story(1)
    story.hear(replace(FOUND, release=1, to_blame=1))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {1: 100})
    assert "no other release is proven" in story.last(RecordKind.INCIDENT).text


def test_of_a_release_that_serves_no_more_nothing_is_said() -> None:
    story = stable_story(3)
    story.hear(FOUND)
    assert RecordKind.INCIDENT not in story.kinds()


def test_the_next_release_ends_the_incident() -> None:
    story = stable_story(2)
    story.hear(replace(FOUND, to_blame=None))
    story.hear(CandidateReady(replace(release(3), requested_at=story.now + 1)))
    assert (story.state.phase, story.state.incident) == (Phase.CANARY, None)


@pytest.mark.parametrize("story", [Story(), canary_story()])
def test_only_a_proven_release_that_serves_alone_can_regress(story: Story) -> None:
    before: ReleaseState = story.state
    story.hear(FOUND)
    assert story.state == before
