"""Two pipelines at once, an alarm in the midst of a deploy: each digest is one version, one trial at a time."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.story.stage import EMBEDDED, Stage, need_setup, throwaway
from tests.story.test_people import ring

from ladle.embedded import lifecycle
from ladle.embedded.demo.workshop import Workshop
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.effects import RecordKind

pytestmark = [pytest.mark.gate, pytest.mark.embedded, pytest.mark.timeout(600)]

MODEL = "raced"


@pytest.fixture(scope="module")
def stage(root: Path) -> Iterator[Stage]:
    """The platform with one proven release."""
    need_setup(root)
    with throwaway(root, "races") as shop:
        stage = Stage(shop, lifecycle.up(shop.root))
        stage.packages(MODEL)
        cdk = stage.cdk()
        cdk.bootstrap()
        cdk.deploy(["ladle-platform"], EMBEDDED)
        stage.deploy(MODEL)
        stage.promote(MODEL)
        yield stage


def other_pipeline(stage: Stage) -> Stage:
    """The same repository in another folder, on the same AWS."""
    here = stage.shop.root
    there = here.with_name(f"{here.name}-other")
    shutil.copytree(here, there, symlinks=True, ignore=shutil.ignore_patterns("cdk.out"))
    return Stage(Workshop(there, lambda _line: None), stage.cloud)


def test_of_two_pipelines_that_deploy_at_once_neither_is_lost_and_one_is_tried(
    stage: Stage,
) -> None:
    other = other_pipeline(stage)
    try:
        stage.write(MODEL, env="{GREETING: hello}")
        other.write(MODEL, env="{GREETING: goodbye}")
        with ThreadPoolExecutor(2) as pool:
            ended = [
                pool.submit(pipeline.shop.ladle, "deploy", MODEL, expect=(0, 1))
                for pipeline in (stage, other)
            ]
        statuses = [future.result()[0] for future in ended]
        said = "\n".join(line for future in ended for line in future.result()[1])
        assert 0 in statuses, said
        if 1 in statuses:  # whoever came second is told so, and deploys again
            assert "LD" in said
            (stage, other)[statuses.index(1)].deploy(MODEL)
    finally:
        shutil.rmtree(other.shop.root)
    state = stage.wait(MODEL, lambda s: s.phase is Phase.CANARY and s.intent is None)
    digests = list(stage.versions(MODEL).values())
    assert len(digests) == len(set(digests)) == 3
    tried = [n for n, s in state.statuses.items() if s is ReleaseStatus.CANARY]
    superseded = [n for n, s in state.statuses.items() if s is ReleaseStatus.SUPERSEDED]
    assert (len(tried), len(superseded)) == (1, 1)
    assert stage.weights(MODEL).keys() == {1, *tried}


def test_an_alarm_in_the_midst_of_a_deploy_moves_nothing(stage: Stage) -> None:
    ended = threading.Event()

    def ring_on() -> None:
        while not ended.wait(0.5):
            ring(stage, MODEL)

    ringing = threading.Thread(target=ring_on)
    ringing.start()
    try:
        stage.write(MODEL, env="{GREETING: again}")
        release = stage.deploy(MODEL)[MODEL]["release"]
    finally:
        ended.set()
        ringing.join()
    state = stage.settle(MODEL)
    assert (state.phase, state.the_candidate.number) == (Phase.CANARY, release)
    assert stage.rows(MODEL, RecordKind.ROLLED_BACK) == []
