"""A deploy makes a release when what answers changes, and at no other time."""

from __future__ import annotations

import pytest
from tests.story.stage import Stage

from ladle.policy.statuses import Phase

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(240)]


def test_a_first_release_answers_with_its_id_and_its_commit_makes_no_second(stage: Stage) -> None:
    stage.packages("first")
    deployed = stage.deploy("first")["first"]
    assert (deployed["status"], deployed["release"]) == ("new release", 1)

    status, answer = stage.ask("first", rows=2)
    assert (status, answer["release"]) == (200, 1)
    assert answer["predictions"] == [{"label": 1}, {"label": 1}]
    assert len(set(answer["prediction_ids"])) == 2

    before = (stage.versions("first"), stage.weights("first"))
    assert stage.deploy("first")["first"]["status"] == "unchanged"
    assert (stage.versions("first"), stage.weights("first")) == before
    assert stage.state("first").phase is Phase.BASELINE
