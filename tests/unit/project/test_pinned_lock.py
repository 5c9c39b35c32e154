"""Where a model's releases run is kept beside its pin, by place of deployment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.planning.specs import SIGNATURE

from ladle.catalog import Packaging, Target
from ladle.errors import LadleError
from ladle.experiments.manifest import Signature
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.policy.lock import Lock
from ladle.project.pinned_lock import drop_lock, place_of, read_lock, write_lock
from ladle.project.read_package import read_package
from ladle.project.repository import ModelPackage, is_pinned
from ladle.project.services import read_services

IMAGE = Lock(Target.LAMBDA, Packaging.IMAGE, None)
ZIP = Lock(Target.LAMBDA, Packaging.ZIP, None)


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    folder = tmp_path / "model_packages" / "fraud"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"stands for a model")
    return ModelPackage(folder)


def spec(package: ModelPackage, more: str = "", environment: str | None = None) -> ServiceSpec:
    text = f"name: fraud\nmodel: model.onnx\ntype: classification\n{more}"
    package.config.write_text(text)
    root = package.folder.parents[1]

    def signature(_: Path) -> Signature:
        return SIGNATURE

    [found] = read_services(root, Cloud.AWS, signature, environment)
    return found


def test_each_place_has_its_own_and_the_pin_stays(package: ModelPackage) -> None:
    package.pinned.write_text(json.dumps({"schema": 1, "id": "f" * 64}))
    write_lock(package, place_of(Cloud.AWS, None), IMAGE)
    write_lock(package, place_of(Cloud.AWS, "prod"), ZIP)
    assert read_lock(package, "aws") == IMAGE
    assert read_lock(package, "prod") == ZIP
    assert read_lock(package, "embedded") is None
    assert json.loads(package.pinned.read_text())["id"] == "f" * 64
    assert is_pinned(package)


def test_a_model_that_began_on_an_endpoint_knows_with_which_home_its_log_came(
    package: ModelPackage,
) -> None:
    began = Lock(Target.SAGEMAKER, Packaging.IMAGE, None)
    moved = replace(began.leaving_for(Target.LAMBDA, Packaging.ZIP, 4), leaves=None)
    write_lock(package, "aws", moved)
    assert read_lock(package, "aws") == moved
    assert spec(package).logs == 4
    assert moved.leaving_for(Target.SAGEMAKER, Packaging.IMAGE, 9).logs == 4, "it comes back to it"
    assert ZIP.leaving_for(Target.SAGEMAKER, Packaging.IMAGE, 9).logs == 0


def test_locks_alone_are_no_pin(package: ModelPackage) -> None:
    assert not is_pinned(package)
    write_lock(package, "aws", IMAGE)
    assert not is_pinned(package)


def test_what_was_taken_down_there_is_locked_no_more(package: ModelPackage) -> None:
    assert not drop_lock(package, "aws")
    write_lock(package, "aws", IMAGE)
    write_lock(package, "prod", ZIP)
    assert drop_lock(package, "aws")
    assert (read_lock(package, "aws"), read_lock(package, "prod")) == (None, ZIP)
    assert drop_lock(package, "prod")
    assert not package.pinned.exists(), "a file that says nothing is none"


@pytest.mark.parametrize("text", ["{", "[]", '{"locked": []}', '{"locked": {"aws": {}}}'])
def test_what_cannot_be_read_is_refused_with_its_file(package: ModelPackage, text: str) -> None:
    package.pinned.write_text(text)
    with pytest.raises(LadleError, match="LD126"):
        read_lock(package, "aws")


@pytest.mark.parametrize("written", ["target: ecs", "packaging: zip"])
def test_a_config_that_says_something_else_is_refused_with_the_way(
    package: ModelPackage, written: str
) -> None:
    write_lock(package, "aws", IMAGE)
    with pytest.raises(LadleError, match="LD245") as refused:
        spec(package, f"{written}\n")
    assert f"ladle migrate fraud --to {written.split()[1]}" in refused.value.finding.fix


def test_a_door_that_cannot_be_led_there_says_what_works_instead(package: ModelPackage) -> None:
    write_lock(package, "aws", IMAGE)
    with pytest.raises(LadleError, match="LD245") as refused:
        spec(package, "target: sagemaker-async\n")
    assert "nothing moves between lambda and sagemaker-async" in refused.value.finding.fix
    assert "give the model there another name" in refused.value.finding.fix


def test_check_finds_it_at_its_line(package: ModelPackage) -> None:
    write_lock(package, "aws", IMAGE)
    text = "name: fraud\nmodel: model.onnx\ntype: classification\ntarget: ecs\n"
    package.config.write_text(text)
    [found] = read_package(package, "model.yaml").findings
    assert str(found).startswith("model.yaml:4:9 LD245 fraud: its releases run on lambda")
    package.config.write_text(text.replace("target: ecs\n", ""))
    assert read_package(package, "model.yaml").findings == ()
    package.pinned.write_text("{")
    assert [f.code for f in read_package(package, "model.yaml").findings] == ["LD126"]


def test_auto_keeps_the_target_and_says_where_a_new_model_would_go(package: ModelPackage) -> None:
    busy = "traffic: {expected_per_day: 900000000}\n"
    assert spec(package, busy).target is Target.SAGEMAKER
    write_lock(package, "aws", IMAGE)
    kept = spec(package, busy)
    assert kept.target is Target.LAMBDA
    assert "kept, since it runs there; a new model would go to sagemaker" in kept.target_reason


def test_auto_that_cannot_be_kept_names_the_way(package: ModelPackage) -> None:
    write_lock(package, "aws", IMAGE)
    with pytest.raises(LadleError, match=r"LD245.*cannot run on lambda") as refused:
        spec(package, "compute: {gpu: 1}\nauto: {gpu_on: ecs}\n")
    assert "ladle migrate fraud --to ecs" in refused.value.finding.fix


def test_auto_keeps_the_packaging(package: ModelPackage) -> None:
    assert spec(package).packaging is Packaging.IMAGE
    write_lock(package, "aws", ZIP)
    assert spec(package).packaging is Packaging.ZIP


def test_an_environment_has_a_lock_of_its_own(package: ModelPackage) -> None:
    write_lock(package, "aws", ZIP)
    more = "environments: {prod: {compute: {memory_mb: 3008}}}\n"
    assert spec(package, more, "prod").packaging is Packaging.IMAGE
