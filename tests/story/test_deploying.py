"""A deploy makes a release when what answers changes, and at no other time."""

from __future__ import annotations

import pytest
from tests.story.stage import Stage

from ladle.policy.statuses import Phase, ReleaseStatus

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


# An app of a team's own: something of theirs fails after the model has been handed over.
BROKEN_AFTER_HAND_OFF = """
from aws_cdk import CfnCustomResource
from ladle_stacks.build_app import build_app

app = build_app("model_packages")
stack = app.node.find_child("ladle-model-retried")
missing = "arn:aws:lambda:us-east-1:000000000000:function:nobody-has-made-it"
broken = CfnCustomResource(stack, "OfOurOwn", service_token=missing, service_timeout=5)
broken.node.add_dependency(stack.node.find_child("Release"))
app.synth()
"""


def test_a_deploy_that_fails_after_publishing_is_withdrawn_and_its_retry_makes_no_second_version(
    stage: Stage,
) -> None:
    stage.packages("retried")
    stage.deploy("retried")
    stage.promote("retried")
    app = stage.shop.root / "app.py"
    mended = app.read_text()
    try:
        app.write_text(BROKEN_AFTER_HAND_OFF)
        stage.write("retried", env="{GREETING: hello}")
        _, lines = stage.shop.ladle("deploy", "retried", expect=(1,))
    finally:
        app.write_text(mended)
    assert "LD710" in "\n".join(lines)
    assert "OfOurOwn" in "\n".join(lines)
    state = stage.wait("retried", lambda s: s.statuses.get(2) is ReleaseStatus.SUPERSEDED)
    stage.settle("retried")
    assert stage.weights("retried") == {1: 1.0}
    published = stage.versions("retried")
    assert published.keys() == {1, 2}
    assert state.handed_over == published[1]

    again = stage.deploy("retried")["retried"]
    assert (again["release"], again["state"]) == (2, "CANARY")
    assert stage.versions("retried") == published
