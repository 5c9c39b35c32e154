"""``ladle migrate --to`` asks the deployed stack which door it has, and writes what the next deploy does."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from ladle import names
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.catalog import DoorKind, Packaging, Target
from ladle.cli.main import main
from ladle.policy.lock import Home, Lock
from ladle.project.left_file import left_path, read_left
from ladle.project.pinned_lock import read_lock, write_lock
from ladle.project.repository import ModelPackage
from ladle.testing.releases import stable_story

# Moto keeps templates whole, and makes few kinds of resources.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse")
MODEL, PLACE = "digits", "aws"
FIRST = Home(Target.LAMBDA)
API = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "a", "ProtocolType": "HTTP"}}
HTTP = {
    "Door": API,
    "PredictIntegration": {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {"ApiId": {"Ref": "Door"}, "IntegrationType": "AWS_PROXY"},
    },
}


def rest(**told: str) -> dict[str, Any]:
    api = {"RestApiId": {"Ref": "Door"}}
    behind = {"Type": "MOCK", "IntegrationHttpMethod": "POST", "Uri": "arn:aws:a"}
    asked = {"HttpMethod": "POST", "AuthorizationType": "NONE", "Integration": behind}
    root = {"ResourceId": {"Fn::GetAtt": ["Door", "RootResourceId"]}}
    of_door = {
        "Asked": ("Method", {**api, **root, **asked}),
        "Deployment1": ("Deployment", {**api, **told}),
        "DoorStage": ("Stage", {**api, "DeploymentId": {"Ref": "Deployment1"}}),
    }
    made = {
        id_: {"Type": f"AWS::ApiGateway::{kind}", "Properties": said}
        for id_, (kind, said) in of_door.items()
    }
    made["Deployment1"]["DependsOn"] = "Asked"
    return {"Door": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "a"}}, **made}


@pytest.fixture
def package(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelPackage]:
    """Its second release is proven, on a function from a zip."""
    folder = tmp_path / "model_packages" / MODEL
    shutil.copytree(root / "model_packages" / MODEL, folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LADLE_WORKSPACE", "aws://123456789012/eu-west-1")
    found = ModelPackage(folder)
    write_lock(found, PLACE, Lock(Target.LAMBDA, Packaging.ZIP, None))
    with mock_aws():
        session = AwsSession("eu-west-1")
        table(session)
        state = stable_story(2).state
        serving = replace(state.the_stable, packaging=Packaging.ZIP)
        known = replace(state, model=MODEL, generation=0, stable=serving, outbox=())
        AwsReleaseLedger(session.dynamodb).save(known, [], at=1.0)
        yield found


def table(session: AwsSession) -> None:
    session.dynamodb.create_table(
        TableName=names.RELEASES_TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )


def stack(resources: Mapping[str, Any]) -> None:
    template = json.dumps({"Resources": resources})
    AwsSession("eu-west-1").cloudformation.create_stack(
        StackName=names.model_stack(MODEL), TemplateBody=template
    )


@pytest.mark.parametrize(
    ("resources", "to", "door"),
    [
        (HTTP, Target.SAGEMAKER, DoorKind.HTTP_API),
        (rest(Description="ladle:home-0"), Target.SAGEMAKER_SERVERLESS, DoorKind.REST_API),
    ],
)
def test_a_move_to_an_endpoint_keeps_the_door_that_is_deployed(
    package: ModelPackage,
    capsys: pytest.CaptureFixture[str],
    resources: Mapping[str, Any],
    to: Target,
    door: DoorKind,
) -> None:
    stack(resources)
    assert main(["migrate", MODEL, "--to", to]) == 0
    told = capsys.readouterr()
    assert f"digits  moves from lambda (zip) to {to}: the next deploy makes release 3" in told.out
    assert f"note: on {to} POST /predict and POST /invocations are answered" in told.err
    lock = read_lock(package, PLACE)
    assert lock is not None
    assert (lock.home, lock.leaves, lock.door) == (Home(to, 2), FIRST, door)
    assert read_left(package, PLACE, FIRST).resources == resources


@pytest.mark.parametrize(
    ("resources", "to", "said"),
    [
        (HTTP, "sagemaker-serverless", r"LD283 .*only REST APIs lead to both"),
        (rest(), "image", r"LD281 .*which home"),
    ],
)
def test_what_its_door_is_not_led_to_is_refused_and_nothing_is_written(
    package: ModelPackage,
    capsys: pytest.CaptureFixture[str],
    resources: Mapping[str, Any],
    to: str,
    said: str,
) -> None:
    stack(resources)
    before = package.pinned.read_bytes()
    assert main(["migrate", MODEL, "--to", to]) == 1
    assert re.search(said, capsys.readouterr().err, re.DOTALL)
    assert package.pinned.read_bytes() == before
    assert not left_path(package, PLACE).exists()
