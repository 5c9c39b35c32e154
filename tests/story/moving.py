"""A move from one function to another: the embedded AWS has nothing else."""

from __future__ import annotations

from dataclasses import replace

from botocore.exceptions import ClientError
from tests.story.stage import Stage

from ladle import names
from ladle.catalog import Packaging
from ladle.project.left_file import left_path
from ladle.project.pinned_lock import read_lock, write_lock
from ladle.project.repository import ModelPackage
from ladle.releases.state import ReleaseState

PLACE = "embedded"


def begin_move(stage: Stage, model: str) -> int:
    """To a function from an image, says the command; a zip is what can be deployed. The base."""
    stage.shop.ladle("migrate", model, "--to", "image")
    package = _package(stage, model)
    lock = read_lock(package, PLACE)
    assert lock is not None
    assert lock.packaging is Packaging.IMAGE
    write_lock(package, PLACE, replace(lock, packaging=Packaging.ZIP))
    return lock.base


def still_moves(stage: Stage, model: str) -> bool:
    package = _package(stage, model)
    lock, is_there = read_lock(package, PLACE), left_path(package, PLACE).exists()
    assert lock is not None
    assert is_there is (lock.leaves is not None)
    return is_there


def serves(stage: Stage, model: str, release: int) -> ReleaseState:
    """The ledger says so, nobody writes any more, and the door's answers are its."""
    state = stage.wait(
        model,
        lambda s: s.intent is None and s.traffic is not None and s.traffic.weights == {release: 1},
    )
    status, answer = stage.ask(model)
    assert (status, answer.get("release")) == (200, release), answer
    return state


def has_function(stage: Stage, model: str, base: int) -> bool:
    try:
        stage.session.lambda_.get_function(FunctionName=names.function(model, base))
    except ClientError:
        return False
    return True


def _package(stage: Stage, model: str) -> ModelPackage:
    return ModelPackage(stage.shop.root / "model_packages" / model)
