"""A deploy makes a release when what answers changes, and at no other time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.story.stage import PATIENCE_S, Stage

from ladle import names
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.quality.counts import total

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(240)]


# Who laid a file into the store: the emulator's S3 calls everybody so.
LABELLED = "{window: 2s, guards: {latency: null}, labels: {sources: [labeller, EXAMPLE]}}"
CAPTURED = "{enabled: true, classify: {x: keep, label: hash}}"


@pytest.fixture(scope="module")
def first(stage: Stage) -> Mapping[str, Any]:
    """What the deploy of a first release answered."""
    stage.packages()
    stage.write("first", monitor=LABELLED, capture=CAPTURED)
    return stage.deploy("first")["first"]


def test_a_first_release_answers_with_its_id_and_its_commit_makes_no_second(
    stage: Stage, first: Mapping[str, Any]
) -> None:
    assert (first["status"], first["release"]) == ("new release", 1)

    status, answer = stage.ask("first", rows=2)
    assert (status, answer["release"]) == (200, 1)
    assert answer["predictions"] == [{"label": 1}, {"label": 1}]
    assert len(set(answer["prediction_ids"])) == 2

    before = (stage.versions("first"), stage.weights("first"))
    assert stage.deploy("first")["first"]["status"] == "unchanged"
    assert (stage.versions("first"), stage.weights("first")) == before
    assert stage.state("first").phase is Phase.BASELINE


def test_labels_by_command_by_file_and_by_the_store_count_once(
    stage: Stage, first: Mapping[str, Any]
) -> None:
    def labelled() -> tuple[int, int]:
        found = total(stage.workspace.counters.read("first", 1, 0.0))
        return found.labelled_micro, found.wrong_micro

    def feedback(*words: str, refused: int = 0) -> Mapping[str, Any]:
        who = ("feedback", "first", "--caller", "labeller")
        taken: Mapping[str, Any] = stage.shop.ladle_json(*who, *words, expect=(refused,))
        return taken

    ids = stage.ask("first", rows=2)[1]["prediction_ids"]
    assert feedback("--id", ids[0], "--label", "1")["accepted"] == 1
    assert labelled() == (500_000, 0)

    rows = [f"{ids[0]},1", f"{ids[1]},2", f"{'A' * 43},1"]
    (stage.shop.root / "monday.csv").write_text("\n".join(["prediction_id,label", *rows]))
    taken = feedback("--file", "monday.csv", refused=1)
    assert (taken["accepted"], taken["repeated"], taken["refused"]) == (1, 1, {"LD607": 1})
    assert labelled() == (1_000_000, 500_000)

    body = f"prediction_id,label\n{stage.ask('first')[1]['prediction_id']},1\n"
    bucket = names.store_bucket(stage.cloud.account, stage.cloud.region)
    stage.session.s3.put_object(Bucket=bucket, Key="labels/first/tuesday.csv", Body=body.encode())
    until = stage.clock.now() + PATIENCE_S
    while labelled() != (2_000_000, 500_000):
        assert stage.clock.now() < until, "the file in the store was not counted"
        stage.clock.sleep(0.2)


def test_what_a_model_may_keep_of_its_requests_comes_back_row_by_row(
    stage: Stage, first: Mapping[str, Any]
) -> None:
    """So many rows that they fill one line and begin another."""
    id_ = stage.ask("first", rows=400)[1]["prediction_ids"][0]
    asked = ("logs", "first", "--captured", "--request", id_)
    until = stage.clock.now() + PATIENCE_S
    while len(rows := stage.shop.ladle_json(*asked)["rows"]) < 400:
        assert stage.clock.now() < until, "the rows are not in the log"
        stage.clock.sleep(0.5)
    assert [row["row"] for row in rows] == list(range(400))
    assert {(*row["in"]["x"], row["release"]) for row in rows} == {(0.0, 0.5, 1)}
    (hashed,) = {row["out"]["label"] for row in rows}
    assert len(hashed) == 32


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
