"""``ladle doctor`` on a machine that has everything, and on one that has nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws
from tests.unit.project.runtimes import keep_older

from ladle.aws.account_facts import AwsAccount, bootstrap_version, quota, quota_called
from ladle.aws.session import AwsSession
from ladle.catalog import Arch, Packaging, Target
from ladle.cli.main import main
from ladle.errors import NeedsCredentials
from ladle.policy.lock import Lock
from ladle.project import kept_runtimes
from ladle.project.function_code import Wheels
from ladle.project.pinned_lock import write_lock
from ladle.project.repository import ModelPackage
from ladle.project.staging import place_for_wheels, wheels_name

LOCK = "locks/function-py313.txt"
ACCOUNT = "aws://123456789012/eu-west-1"


@pytest.fixture
def here(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(root / "model_packages" / "digits", tmp_path / "model_packages" / "digits")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def aws() -> Iterator[AwsSession]:
    with mock_aws():
        yield AwsSession("eu-west-1")


def checks(text: str) -> dict[str, Any]:
    return {row["name"]: row for row in json.loads(text)["checks"]}


def test_it_measures_each_model_and_needs_no_account(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["doctor", "--json"])
    found = checks(capsys.readouterr().out)
    assert found["Python"]["state"] == "ok"
    assert found["workspace"]["said"].startswith("embedded:")
    assert found["model digits"]["said"].startswith("starts in ")
    assert found["model digits"]["state"] == "ok"


def test_what_is_missing_fails_with_its_mend(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(here / "nothing"))
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out.splitlines()
    failed = [i for i, line in enumerate(said) if line.startswith("failure")]
    assert {said[i].split()[1] for i in failed} >= {"Git", "Node.js"}
    assert all("mend: " in said[i + 1] for i in failed)


def test_a_config_with_mistakes_is_a_failure_like_any_other(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "model_packages/digits/model.yaml").write_text("name: digits\n")
    assert main(["doctor", "--json"]) == 1
    told = checks(capsys.readouterr().out)["models"]
    assert told["state"] == "failure"
    assert told["said"].startswith("model_packages/digits/model.yaml:1:1 LD110")


def test_the_wheels_of_a_zip_are_those_of_the_runtime_that_the_model_keeps(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LADLE_WORKSPACE", ACCOUNT)
    older, package = keep_older(here, LOCK), ModelPackage(here / "model_packages" / "digits")
    write_lock(package, "aws", Lock(Target.LAMBDA, Packaging.ZIP, older))
    main(["doctor", "--json"])
    found = checks(capsys.readouterr().out)["wheels digits"]
    assert found["state"] == "warning"
    assert "of a kept serving runtime are missing" in found["said"]

    tree = kept_runtimes.tree_of(here, older)
    assert tree is not None
    name = wheels_name(Wheels.FUNCTION, "3.13", Arch.X86_64, tree.locks)
    place_for_wheels(here, name).parent.mkdir(parents=True)
    place_for_wheels(here, name).write_bytes(b"as they were")
    main(["doctor", "--json"])
    assert checks(capsys.readouterr().out)["wheels digits"]["state"] == "ok"

    shutil.rmtree(here / kept_runtimes.KEPT)
    main(["doctor", "--json"])
    found = checks(capsys.readouterr().out)
    assert found["runtime digits"]["state"] == "warning"
    assert "wheels digits" not in found, "nobody knows which they are"


def test_nobody_is_asked_without_online(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LADLE_WORKSPACE", ACCOUNT)
    main(["doctor", "--json"])  # the network fixture would refuse any address but loopback
    assert checks(capsys.readouterr().out)["credentials"]["said"].startswith("found; --online")


def test_an_account_that_was_never_bootstrapped_is_told(
    here: Path, aws: AwsSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LADLE_WORKSPACE", ACCOUNT)
    assert main(["doctor", "--online", "--json"]) == 1
    found = checks(capsys.readouterr().out)
    assert found["credentials"]["said"] == "of account 123456789012"
    assert found["bootstrap"]["mend"] == "npx cdk bootstrap aws://123456789012/eu-west-1"
    assert found["quota"]["state"] == "warning", "moto knows no quotas of Lambda"


def test_an_environment_is_asked_of_its_own_account(
    here: Path, aws: AwsSession, capsys: pytest.CaptureFixture[str]
) -> None:
    config = here / "model_packages" / "digits" / "model.yaml"
    prod = 'environments:\n  prod: {account: "999999999999", region: eu-west-1}\n'
    config.write_text(config.read_text() + prod)
    assert main(["doctor", "--online", "--env", "prod", "--json"]) == 1
    found = checks(capsys.readouterr().out)
    assert found["credentials"]["said"] == "of account 123456789012, not 999999999999"


def test_credentials_of_another_account_are_told(
    here: Path, aws: AwsSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LADLE_WORKSPACE", "aws://999999999999/eu-west-1")
    assert main(["doctor", "--online", "--json"]) == 1
    assert checks(capsys.readouterr().out)["credentials"]["state"] == "failure"


def test_a_bootstrap_says_its_version(aws: AwsSession) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"BootstrapVersion": {"Value": "21"}},
    }
    assert bootstrap_version(aws.cloudformation) is None
    aws.cloudformation.create_stack(StackName="CDKToolkit", TemplateBody=json.dumps(template))
    assert AwsAccount(aws).bootstrap() == 21


def test_a_quota_is_read_or_not_told(aws: AwsSession) -> None:
    assert quota(aws.quotas, "vpc", "L-F678F1CE") == 5.0
    assert AwsAccount(aws).quota("lambda", "L-B99A9384") is None


class Quotas:
    """An account of which AWS says so much of what was ``applied`` to it, and of its defaults."""

    def __init__(self, applied: Mapping[str, float], defaults: Mapping[str, float]) -> None:
        self.lists = {"list_service_quotas": applied, "list_aws_default_service_quotas": defaults}

    def get_service_quota(self, **_: str) -> dict[str, Any]:
        raise AssertionError("asked for by its name")

    def get_paginator(self, operation: str) -> Any:
        rows = [
            {"QuotaName": name, "Value": value} for name, value in self.lists[operation].items()
        ]
        return SimpleNamespace(paginate=lambda **_: [{"Quotas": []}, {"Quotas": rows}])


def test_a_quota_is_found_by_its_name_as_applied_or_else_by_default() -> None:
    account = Quotas(
        {"ml.m5.large for endpoint usage": 4.0},
        {"ml.m5.large for endpoint usage": 0.0, "other": 2.0},
    )
    assert quota_called(account, "sagemaker", "ml.m5.large for endpoint usage") == 4.0
    assert quota_called(account, "sagemaker", "other") == 2.0
    assert quota_called(account, "sagemaker", "ml.p9.large for endpoint usage") is None


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(NeedsCredentials):
        AwsAccount(AwsSession("eu-west-1")).signed_in()
