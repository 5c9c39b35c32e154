"""Ctrl-C, a death or a missing program at any step: said in a line, nothing left, and a second run works."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.story.stage import Stage, throwaway
from tests.story.typed import processes_in, typed

from ladle.disk.embedded_state import load
from ladle.embedded import lifecycle
from ladle.embedded.demo.workshop import Workshop

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(240)]

LADLE = [sys.executable, "-m", "ladle"]
DEMO = [sys.executable, "-m", "ladle.embedded.demo"]
INTERRUPTED = 130


@pytest.fixture(scope="module")
def shop(root: Path) -> Iterator[Workshop]:
    """A repository whose emulator may come and go."""
    with throwaway(root, "interrupted") as shop:
        yield shop


@pytest.mark.parametrize("seen", ["ministack", "ladle.embedded.door"])
def test_embedded_up_leaves_nothing(shop: Workshop, seen: str) -> None:
    with typed([*LADLE, "embedded", "up"], shop.root, shop.environment) as command:
        command.wait_for_process(seen)
        assert command.interrupt() == INTERRUPTED
    assert "interrupted" in command.text
    assert processes_in(shop.root) == {}
    assert load(shop.root) is None


@pytest.mark.parametrize("seen", ["cdk", "app.py", "ladle-model-stopped"])
def test_a_deploy_ends_with_all_that_it_started_and_a_second_one_works(
    stage: Stage, seen: str
) -> None:
    stage.packages("stopped")
    with typed([*LADLE, "deploy", "stopped"], stage.shop.root, stage.shop.environment) as command:
        if seen == "ladle-model-stopped":
            command.wait_for_line(seen)
        else:
            command.wait_for_process(seen)
        assert command.interrupt() == INTERRUPTED
    assert "interrupted" in command.text
    left = processes_in(stage.shop.root).values()
    assert [line for line in left if "cdk" in line or "app.py" in line] == []
    if seen == "ladle-model-stopped":
        assert stage.deploy("stopped")["stopped"]["release"] == 1


def test_the_demo_takes_all_down_at_any_step_and_begins_again(shop: Workshop) -> None:
    for step in ("start the embedded AWS", "door at", "cdk bootstrap: done", "ladle record"):
        with typed([*DEMO, "--json"], shop.root, shop.environment) as command:
            command.wait_for_line(step)
            assert command.interrupt() == INTERRUPTED
        assert "taking everything down" in command.text
        assert processes_in(shop.root) == {}
        assert load(shop.root / ".ladle" / "demo" / "repository") is None


def test_an_emulator_that_dies_under_a_deploy_is_named_and_a_second_run_works(
    shop: Workshop,
) -> None:
    pid = shop.ladle_json("embedded", "up")["pids"]["emulator"]
    with typed([*LADLE, "deploy"], shop.root, shop.environment) as command:
        command.wait_for_line("ladle-platform  create_complete")
        os.killpg(pid, signal.SIGKILL)
        assert command.process.wait() == 1
    assert "LD709" in command.text
    assert "ladle embedded up" in command.text
    _, lines = shop.ladle("status", expect=(1,))
    assert "LD708" in "".join(lines)
    assert shop.ladle_json("embedded", "up")["pids"]["emulator"] != pid
    lifecycle.down(shop.root)


def test_a_port_in_use_is_named(stage: Stage, shop: Workshop) -> None:
    port = stage.cloud.endpoint.rsplit(":", 1)[1]
    _, lines = shop.ladle("embedded", "up", "--port", port, expect=(1,))
    assert "LD707" in lines[0]
    assert port in lines[0]
    assert processes_in(shop.root) == {}


def test_without_node_a_deploy_says_what_to_install(stage: Stage, tmp_path: Path) -> None:
    stage.packages("nodeless")
    (tmp_path / "git").symlink_to(str(shutil.which("git")))
    environment = {**stage.shop.environment, "PATH": str(tmp_path)}
    with typed([*LADLE, "deploy"], stage.shop.root, environment) as command:
        assert command.process.wait() == 1
    assert "LD701" in command.text
