"""A newer Ladle is installed: no model changes until it is upgraded, told once on the embedded AWS."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.story.stage import Stage, need_setup, throwaway

from ladle.embedded import lifecycle

pytestmark = [pytest.mark.gate, pytest.mark.embedded, pytest.mark.timeout(600)]

PACKAGES = ("src", "runtime", "stacks")


@pytest.fixture
def newer(root: Path, tmp_path: Path) -> Path:
    """A Ladle that serves with other files, under another lock of wheels."""
    for name in (*PACKAGES, "locks"):
        shutil.copytree(
            root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    (tmp_path / ".ladle").mkdir()
    (tmp_path / ".ladle" / "wheels").symlink_to(root / ".ladle" / "wheels")
    (tmp_path / "src/ladle/version.py").write_text('__version__ = "9.9.9"\n')
    for name in ("runtime/ladle_runtime/serving/service.py", *_locks(tmp_path)):
        with (tmp_path / name).open("a") as stream:
            stream.write("\n# a newer Ladle\n")
    return tmp_path


def _locks(checkout: Path) -> Iterator[str]:
    for lock in (checkout / "locks").glob("function-*.txt"):
        yield lock.relative_to(checkout).as_posix()


@pytest.fixture
def stage(root: Path) -> Iterator[Stage]:
    need_setup(root)
    with throwaway(root, "upgrade") as shop:
        yield Stage(shop, lifecycle.up(shop.root))


def test_a_model_changes_when_it_is_upgraded_and_not_before(stage: Stage, newer: Path) -> None:
    stage.packages("fraud")
    first = stage.deploy()["fraud"]
    stage.promote("fraud")
    stage.settle("fraud")

    paths = os.pathsep.join(str(newer / package) for package in PACKAGES)
    stage.shop.environment = {**stage.shop.environment, "PYTHONPATH": paths}
    [planned] = stage.shop.ladle_json("plan")["models"]
    assert (planned["change"], planned["runtime_available"]["ladle"]) == ("unchanged", "9.9.9")
    assert stage.deploy()["fraud"]["release_digest"] == first["release_digest"]
    assert stage.versions("fraud").keys() == {1}, "nothing was published"

    stage.write("fraud", env="{GREETING: hello}")
    assert stage.deploy()["fraud"]["release"] == 2
    kept, changed = (stage.state("fraud").release(number) for number in (1, 2))
    assert kept is not None
    assert changed is not None
    assert changed.runtime == kept.runtime, "another setting brings no other runtime along"
    assert stage.ask("fraud")[0] == 200

    [moved] = stage.shop.ladle_json("upgrade", "fraud")["models"]
    assert moved["makes_release"]
    assert stage.deploy()["fraud"]["release"] == 3
    upgraded = stage.state("fraud").release(3)
    assert upgraded is not None
    assert upgraded.runtime is not None
    assert upgraded.runtime.ladle == "9.9.9"
    assert stage.deploy()["fraud"]["status"] == "unchanged"
