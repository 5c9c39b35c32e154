"""A throwaway repository on an embedded AWS of its own: what a person types, asks and breaks there."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.story.tiny_model import tiny_model

from ladle.actions.behind_one_door import BehindOneDoor
from ladle.aws.session import AwsSession
from ladle.aws.workspace import aws_workspace
from ladle.disk.clock import SystemClock
from ladle.disk.embedded_state import EmbeddedState, aws_environment
from ladle.embedded import lifecycle
from ladle.embedded.demo.workshop import Workshop
from ladle.ports import Workspace
from ladle.releases.effects import Record, RecordKind
from ladle.releases.state import ReleaseState
from ladle.tools import processes
from ladle.tools.cdk import CdkCli

TRANSFORMS = Path(__file__).parent / "fixtures" / "transforms"
EMBEDDED = {"ladle:embedded": "true"}
PATIENCE_S = 180.0  # a broken candidate costs a cold start per request, more on a busy machine
AT_REST: Mapping[str, str] = {
    "model": "model.onnx",
    "type": "classification",
    "traffic": "{expected_per_day: 1000000}",
    "compute": "{timeout_s: 5}",
    # Longer than any test: only evidence or a person ends a trial.
    "rollout": "{canary_percent: 50, bake: 1h, min_requests: 5, max: 24h}",
    "monitor": "{window: 2s, guards: {latency: null}}",
}


class Stage:
    """One repository, one emulator, and the real ledger, alias and versions to look at."""

    def __init__(self, shop: Workshop, cloud: EmbeddedState) -> None:
        self.shop = shop
        self.cloud = cloud
        self.clock = SystemClock()

    @cached_property
    def session(self) -> AwsSession:
        return AwsSession(self.cloud.region, self.cloud.endpoint, embedded=True)

    @cached_property
    def workspace(self) -> Workspace:
        return aws_workspace(self.session, "embedded:", self.clock, BehindOneDoor)

    def cdk(self) -> CdkCli:
        return CdkCli(self.shop.root, aws_environment(self.cloud, self.shop.root))

    # What a person types

    def packages(self, *models: str) -> None:
        """The repository holds these models and no other."""
        shutil.rmtree(self.shop.root / "model_packages", ignore_errors=True)
        for model in models:
            self.write(model)

    def write(self, model: str, /, **keys: str) -> None:
        """A whole package: ``AT_REST`` with ``keys`` of model.yaml in place of its own."""
        folder = self.shop.root / "model_packages" / model
        shutil.copytree(TRANSFORMS, folder, dirs_exist_ok=True)
        (folder / "model.onnx").write_bytes(tiny_model(threshold=0.0))
        (folder / "other.onnx").write_bytes(tiny_model(threshold=1.0))
        lines = {"name": model, **AT_REST, **keys}
        (folder / "model.yaml").write_text("".join(f"{k}: {v}\n" for k, v in lines.items()))

    def deploy(self, *models: str, expect: Sequence[int] = (0,)) -> dict[str, Mapping[str, Any]]:
        """``ladle deploy``; its answer by model."""
        answer = self.shop.ladle_json("deploy", *models, expect=expect)
        return {row["model"]: row for row in answer["models"]}

    def promote(self, *models: str) -> None:
        """What a person may always do: the release on trial becomes a proven one."""
        for model in models:
            self.shop.ladle("promote", model, "--yes")

    def ask(self, model: str, rows: int = 1) -> tuple[int, Mapping[str, Any]]:
        """Status and answer of the front door."""
        connection = http.client.HTTPConnection(self.cloud.door.removeprefix("http://"), timeout=30)
        try:
            body = json.dumps({"inputs": [[0.0, 0.5]] * rows})
            connection.request("POST", f"/{model}/predict", body)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    @contextmanager
    def traffic(self, *models: str, at_once: int = 1) -> Iterator[None]:
        """Requests to each of them, one after another, until the block ends."""
        ended = threading.Event()

        def ask_on(model: str) -> None:
            while not ended.wait(0.02):
                self.ask(model)

        threads = [threading.Thread(target=ask_on, args=(m,)) for m in models * at_once]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            for thread in threads:
                thread.join()

    # What there is to see

    def state(self, model: str) -> ReleaseState:
        return self.workspace.ledger.load(model)

    def rows(self, model: str, kind: RecordKind) -> list[Record]:
        return [r for r in self.workspace.ledger.records(model) if r.kind is kind]

    def weights(self, model: str) -> Mapping[int, float]:
        """What the alias itself says."""
        observed = self.workspace.router.read(model)
        assert observed is not None
        return observed.traffic.weights

    def versions(self, model: str) -> dict[int, str]:
        """Version -> release digest of every version that Lambda has."""
        pages = self.session.lambda_.get_paginator("list_versions_by_function")
        listed = [
            version
            for page in pages.paginate(FunctionName=f"ladle-{model}")
            for version in page["Versions"]
            if version["Version"] != "$LATEST"
        ]
        return {
            int(v["Version"]): "sha256:" + v["Environment"]["Variables"]["LADLE_RELEASE_DIGEST"]
            for v in listed
        }

    def wait(self, model: str, ready: Callable[[ReleaseState], bool]) -> ReleaseState:
        """Until the ledger says so; a story that does not get there fails with where it is."""
        deadline = self.clock.now() + PATIENCE_S
        while not ready(state := self.state(model)):
            rows = "\n".join(f"{r.id} {r.text}" for r in self.workspace.ledger.records(model))
            assert self.clock.now() < deadline, f"{state.phase} {state.reason}\n{rows}"
            self.clock.sleep(0.3)
        return state

    def settle(self, model: str) -> ReleaseState:
        """Until no write is open and nothing waits to be sent or retired."""
        return self.wait(model, lambda s: s.intent is None and not s.outbox and not s.waiting)


def need_setup(root: Path) -> None:
    """The stories never skip: what is missing is said, with what brings it."""
    lifecycle.find_emulator(root)
    if not (root / "node_modules" / ".bin" / "cdk").exists() or shutil.which("node") is None:
        raise FileNotFoundError("Node.js or the CDK's command line is missing: run scripts/setup")


@contextmanager
def throwaway(root: Path, name: str) -> Iterator[Workshop]:
    """A clone below ``.ladle/story``, named after this process; ends with all that runs in it."""
    home = root / ".ladle" / "story"
    _clear(home, lambda pid: not processes.lives(pid))
    folder = home / str(os.getpid()) / name
    said: list[str] = []
    shop = Workshop.clone(root, folder, said.append)
    (folder / ".ladle").mkdir()
    stage = root / ".ladle" / "stage"  # zips are named by their content: made once for all runs
    stage.mkdir(parents=True, exist_ok=True)
    (folder / ".ladle" / "stage").symlink_to(stage)
    try:
        yield shop
    finally:
        lifecycle.down(folder)
        shutil.rmtree(folder)
        with suppress(OSError):  # another of this process is still there
            folder.parent.rmdir()


def _clear(home: Path, is_left: Callable[[int], bool]) -> None:
    """What a killed run could not take down itself."""
    for run in home.glob("*"):
        if is_left(int(run.name)):
            for repository in run.glob("*"):
                lifecycle.down(repository)
            shutil.rmtree(run)
