"""``cdk deploy -c ladle:environment=prod`` describes what ``ladle plan --env prod`` planned."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import aws_cdk as cdk
import pytest
from tests.unit.project.runtimes import keep_older

from ladle.catalog import Packaging, Target
from ladle.errors import NotFound
from ladle.policy.lock import Lock
from ladle_stacks.build_app import read_specs
from ladle_stacks.host import ENVIRONMENT_KEY, LOCKS_KEY, Host


@pytest.fixture
def repository(root: Path, tmp_path: Path) -> Path:
    package = tmp_path / "model_packages" / "digits"
    shutil.copytree(root / "model_packages" / "digits", package)
    with (package / "model.yaml").open("a") as config:
        config.write("environments: {prod: {compute: {memory_mb: 3008}}}\n")
    return tmp_path


def host(repository: Path, **context: str) -> Host:
    return Host.of_app(cdk.App(context=context, analytics_reporting=False), repository)


def test_the_stacks_are_of_the_environment_in_the_context(repository: Path) -> None:
    [plain] = read_specs(repository, host(repository))
    [prod] = read_specs(repository, host(repository, **{ENVIRONMENT_KEY: "prod"}))
    assert (plain.compute.memory_mb, prod.compute.memory_mb) == (1769, 3008)
    assert plain.release_digest != prod.release_digest


def test_an_environment_that_no_model_has_is_refused(repository: Path) -> None:
    with pytest.raises(NotFound, match='did you mean "prod"'):
        read_specs(repository, host(repository, **{ENVIRONMENT_KEY: "prodd"}))


def test_what_the_ledger_has_locked_is_told_by_the_context(repository: Path) -> None:
    older = keep_older(repository)
    lock = Lock(Target.LAMBDA, Packaging.ZIP, older)
    [ours] = read_specs(repository, host(repository))
    told = {LOCKS_KEY: json.dumps({"digits": lock.to_json()})}
    [kept] = read_specs(repository, host(repository, **told))
    assert (ours.packaging, kept.packaging) == (Packaging.IMAGE, Packaging.ZIP)
    assert kept.built_with == older
    assert kept.release_digest != ours.release_digest
