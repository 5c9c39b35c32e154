"""A move from one function to another: the embedded AWS has nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
NO_SUCH_FUNCTION = """
from aws_cdk import CfnCustomResource
from aws_cdk.aws_apigatewayv2 import CfnRoute

def extend(stack, spec):
    arn = f"arn:aws:lambda:{stack.region}:{stack.account}:function:no-such-function"
    fails = CfnCustomResource(stack, "Fails", service_token=arn, service_timeout=1)
    fails.add_resource_dependency(stack.find("PredictRoute0", CfnRoute))
"""


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


@contextmanager
def deploys_fail_at_last(stage: Stage) -> Iterator[None]:
    """After the door is described anew."""
    extra = stage.shop.root / "stacks" / "extra.py"
    extra.parent.mkdir(exist_ok=True)
    extra.write_text(NO_SUCH_FUNCTION)
    try:
        yield
    finally:
        extra.unlink()


def has_function(stage: Stage, model: str, base: int) -> bool:
    try:
        stage.session.lambda_.get_function(FunctionName=names.function(model, base))
    except ClientError:
        return False
    return True


def _package(stage: Stage, model: str) -> ModelPackage:
    return ModelPackage(stage.shop.root / "model_packages" / model)
