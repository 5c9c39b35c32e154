"""While a model moves, what its stack was before the move is committed beside its lock."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.project.test_pinned_lock import spec

from ladle.catalog import Packaging, Target
from ladle.errors import LadleError
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import Left
from ladle.policy.lock import Home, Lock
from ladle.project.left_file import left_path, read_left, write_left
from ladle.project.pinned_lock import drop_lock, write_lock
from ladle.project.read_package import read_package
from ladle.project.repository import ModelPackage
from ladle.project.services import kept, read_configs

LEFT = Left(Home(Target.LAMBDA), {"Function": {"Type": "AWS::Lambda::Function"}})
MOVING = Lock(Target.ECS, Packaging.IMAGE, None, base=7, leaves=LEFT.home)


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    folder = tmp_path / "model_packages" / "fraud"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"stands for a model")
    write_left(found := ModelPackage(folder), "aws", LEFT)
    write_lock(found, "aws", MOVING)
    return found


def test_what_moves_is_built_from_its_lock_and_what_it_left(package: ModelPackage) -> None:
    found = spec(package)
    assert (found.home, found.packaging) == (Home(Target.ECS, 7), Packaging.IMAGE)
    assert found.left == LEFT
    assert replace(found.lock, runtime=None) == MOVING


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "it is missing"),
        ("{", "not to be understood"),
        ("[]", "not to be understood"),
        (json.dumps({"home": {"target": "ecs", "base": 3}, "resources": {}}), "of another move"),
        (json.dumps({"home": {"target": "lambda", "base": 0}, "resources": []}), "not to be"),
    ],
)
def test_a_file_that_does_not_say_it_stops_the_deploy_and_the_check(
    package: ModelPackage, content: str | None, why: str
) -> None:
    path = left_path(package, "aws")
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(LadleError, match=f"LD286.*{why}"):
        spec(package)
    [found] = read_package(package, "model.yaml").findings
    assert found.code == "LD286"


def test_it_goes_with_the_move_and_with_the_lock(package: ModelPackage) -> None:
    write_lock(package, "prod", replace(MOVING, leaves=None))
    assert left_path(package, "aws").exists(), "that move is another place's"
    write_lock(package, "aws", replace(MOVING, leaves=None))
    assert not left_path(package, "aws").exists()
    write_left(package, "aws", LEFT)
    drop_lock(package, "aws")
    assert not left_path(package, "aws").exists()


def test_a_file_of_one_place_says_nothing_of_another(package: ModelPackage) -> None:
    with pytest.raises(LadleError, match="LD286"):
        read_left(package, "prod", LEFT.home)


def test_what_is_locked_of_an_embedded_aws_before_this_one_is_nothing_to_it(
    package: ModelPackage,
) -> None:
    spec(package)  # writes its config
    lock = replace(MOVING, leaves=None)
    write_lock(package, "embedded", lock)
    [(_, config)] = read_configs(package.folder.parents[1])
    assert kept(package, config, Cloud.EMBEDDED, None) is None
    told = Lock(Target.LAMBDA, Packaging.ZIP, None)
    assert kept(package, config, Cloud.EMBEDDED, None, {"fraud": told}) == lock


def test_a_config_of_a_model_that_is_to_move_may_say_so_before(package: ModelPackage) -> None:
    spec(package)
    package.config.write_text(package.config.read_text() + "target: lambda\n")
    root = package.folder.parents[1]
    with pytest.raises(LadleError, match="LD245"):
        read_configs(root)
    assert [c.target for _, c in read_configs(root, moving="fraud")] == [Target.LAMBDA]


def test_the_role_of_a_new_home_owes_nothing_to_what_runs_in_the_old_one(
    package: ModelPackage,
) -> None:
    spec(package)
    [(_, config)] = read_configs(package.folder.parents[1])
    for home, expected in ((LEFT.home, ()), (MOVING.home, ("read|secret",))):
        told = Lock(home.target, Packaging.IMAGE, None, ("read|secret",), home.base)
        found = kept(package, config, Cloud.AWS, None, {"fraud": told})
        assert found is not None
        assert found.grants == expected
