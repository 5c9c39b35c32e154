"""A move from a function to another one: the embedded AWS has nothing else, and ``ladle migrate`` no name for it."""

from __future__ import annotations

from dataclasses import replace

from botocore.exceptions import ClientError
from tests.story.stage import Stage

from ladle import names
from ladle.actions.move_model import Destination, begin, left_of
from ladle.aws.stacks import AwsStacks
from ladle.catalog import Packaging, Target
from ladle.project.left_file import left_path, write_left
from ladle.project.pinned_lock import read_lock, write_lock
from ladle.project.repository import ModelPackage
from ladle.releases.state import ReleaseState

PLACE = "embedded"


def begin_move(stage: Stage, model: str) -> int:
    """Writes what ``ladle migrate --to zip`` writes of a model that is an image; the base."""
    state, package = stage.state(model), _package(stage, model)
    told = state.the_stable.lock
    assert told is not None
    image = replace(told, packaging=Packaging.IMAGE)
    lock = begin(state, 0, image, Destination(Target.LAMBDA, Packaging.ZIP))
    deployed = AwsStacks(stage.session.cloudformation).resources(names.model_stack(model))
    write_left(package, PLACE, left_of(model, image.home, deployed))
    write_lock(package, PLACE, lock)
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
