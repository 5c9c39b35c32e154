"""What ``ladle export`` writes is enough: valid to CloudFormation, and it answers without Ladle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cfnlint.api
import pytest
from tests.unit.planning.specs import spec_of

from ladle import digest
from ladle.cli.main import main
from ladle.planning.plain_template import plain_template

EVENT = {
    "version": "2.0",
    "routeKey": "POST /predict",
    "rawPath": "/predict",
    "headers": {"content-type": "application/json"},
    "requestContext": {"http": {"method": "POST", "path": "/predict"}, "requestId": "1"},
    "body": json.dumps({"inputs": [[0.0] * 64]}),
    "isBase64Encoded": False,
}
SECRETS = "LADLE_SECRETS"
MORE = """
door: {auth: jwt, issuer: "https://login.example.com/", audience: [fraud]}
network: {vpc: vpc-0a1b2c3d, subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d]}
secrets: {TOKEN: secretsmanager:prod/fraud}
"""
ASK = """
import json, sys
from ladle_runtime.serving.lambda_entry import handle
import ladle
assert ladle.__file__.startswith(sys.argv[1]), ladle.__file__
print("ANSWER", json.dumps(handle(json.loads(sys.argv[2]), None)))
"""


@pytest.fixture(scope="module")
def repository(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("leaving")
    shutil.copytree(root / "model_packages" / "digits", folder / "model_packages" / "digits")
    return folder


@pytest.fixture(scope="module")
def exported(repository: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository)
        assert main(["export", "digits", "--output", "left"]) == 0
    return repository / "left"


@pytest.fixture
def template(exported: Path) -> Any:
    return json.loads((exported / "template.json").read_text())


def test_cloudformation_finds_no_fault_with_its_template(exported: Path) -> None:
    assert faults((exported / "template.json").read_text()) == []


def test_tokens_a_network_and_secrets_are_exported_too() -> None:
    config = "name: fraud\nmodel: model.onnx\ntype: classification\n" + MORE
    made = plain_template(spec_of(config))
    assert faults(json.dumps(made)) == []
    parts = made["Resources"]
    assert parts["Route0"]["Properties"]["AuthorizerId"] == {"Ref": "Tokens"}
    assert parts["Function"]["Properties"]["VpcConfig"]["SubnetIds"] == ["subnet-0a1b2c3d"]
    assert "prod/fraud" in parts["Function"]["Properties"]["Environment"]["Variables"][SECRETS]
    [policy] = parts["Role"]["Properties"]["Policies"]
    allowed = {a for s in policy["PolicyDocument"]["Statement"] for a in s["Action"]}
    assert {"secretsmanager:GetSecretValue", "ec2:CreateNetworkInterface"} <= allowed


def test_a_template_with_a_fault_is_found(exported: Path) -> None:
    text = (exported / "template.json").read_text().replace('"Image"', '"Picture"')
    assert [fault[:5] for fault in faults(text)] == ["E3030"]


def faults(template: str) -> list[str]:
    """Errors and warnings; its informational rules ask for words of their own in every template."""
    found = (match for match in cfnlint.api.lint_all(template) if match.rule.id[0] != "I")
    return [f"{match.rule.id} {match.message}" for match in found]


def test_it_needs_nothing_of_ladles_stacks(template: Any) -> None:
    types = {resource["Type"] for resource in template["Resources"].values()}
    assert not [type_ for type_ in types if type_.startswith("Custom::")]
    assert "ladle-" not in json.dumps(template)
    assert list(template["Parameters"]) == ["ImageUri"]


def test_its_function_may_write_its_log_and_nothing_else(template: Any) -> None:
    [policy] = template["Resources"]["Role"]["Properties"]["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == {"Fn::GetAtt": ["Logs", "Arn"]}


def test_its_manifest_names_every_file_by_its_digest(exported: Path) -> None:
    manifest = json.loads((exported / "manifest.json").read_text())
    files = {p.relative_to(exported).as_posix(): p for p in exported.rglob("*") if p.is_file()}
    del files["manifest.json"]
    assert manifest["files"] == {
        name: str(digest.of_bytes(path.read_bytes())) for name, path in files.items()
    }
    assert manifest["files"]["model/model.onnx"] == manifest["model_digest"]


def test_its_image_answers_with_the_exported_code_and_model(exported: Path, template: Any) -> None:
    """The function's process as the image would start it; the wheels are this environment's."""
    variables = template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
    assert variables["LADLE_MODEL_FILE"] == "/var/task/model/model.onnx"
    environment = {
        **variables,
        "LADLE_MODEL_FILE": str(exported / "model" / "model.onnx"),
        "LAMBDA_TASK_ROOT": str(exported / "code"),
        "PYTHONPATH": str(exported / "code"),
        "PATH": os.defpath,
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(exported / "code"), json.dumps(EVENT)],
        cwd=exported,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    [said] = [line for line in asked.stdout.splitlines() if line.startswith("ANSWER ")]
    answer = json.loads(said.removeprefix("ANSWER "))
    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["predictions"]) == 1


def test_its_image_holds_the_model_that_the_template_names(exported: Path) -> None:
    dockerfile = (exported / "Dockerfile").read_text()
    assert "model/ ${LAMBDA_TASK_ROOT}/model/" in dockerfile
    assert "LADLE_" not in dockerfile, "what the function is told stands in one place"


def test_a_folder_that_holds_something_is_left_alone(
    repository: Path,
    exported: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repository)
    assert main(["export", "digits", "--output", "left"]) == 1
    assert "LD229" in capsys.readouterr().err


def test_a_model_that_lies_only_in_the_store_is_refused_by_name(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = repository.with_name("away")
    shutil.copytree(repository / "model_packages", away / "model_packages")
    (away / "model_packages/digits/model.onnx").unlink()
    monkeypatch.chdir(away)
    assert main(["export", "digits"]) == 1
    assert "LD228 digits" in capsys.readouterr().err


def test_what_is_no_function_is_refused_by_name(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    config = repository / "model_packages" / "digits" / "model.yaml"
    kept = config.read_text()
    config.write_text(kept + "target: sagemaker\n")
    try:
        assert main(["export", "digits", "--output", "endpoint"]) == 1
    finally:
        config.write_text(kept)
    assert "LD231" in capsys.readouterr().err
    assert not (repository / "endpoint").exists()
