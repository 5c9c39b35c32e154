"""On AWS the model's stack says where it answers; each request proves who asks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws

from ladle.aws.model_door import ModelDoors
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.errors import NotFound

TEMPLATE = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"Url": {"Value": "https://abc.execute-api.eu-west-1.amazonaws.com/"}},
}


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with mock_aws():
        yield AwsSession("eu-west-1")


def test_the_address_is_the_output_of_the_model_s_stack(session: AwsSession) -> None:
    session.cloudformation.create_stack(
        StackName="ladle-model-flowers", TemplateBody=json.dumps(TEMPLATE)
    )
    doors = ModelDoors(session, SystemClock())
    api = "https://abc.execute-api.eu-west-1.amazonaws.com"
    assert doors.address("flowers", "/predict") == doors.address("flowers", "/feedback") == api


def test_labels_go_to_their_own_door_where_there_is_one(session: AwsSession) -> None:
    outputs = {"Url": {"Value": "https://u.lambda-url"}, "LabelsUrl": {"Value": "https://l.api"}}
    session.cloudformation.create_stack(
        StackName="ladle-model-flowers", TemplateBody=json.dumps({**TEMPLATE, "Outputs": outputs})
    )
    doors = ModelDoors(session, SystemClock())
    assert doors.address("flowers", "/predict") == "https://u.lambda-url"
    assert doors.address("flowers", "/feedback") == "https://l.api"


def test_a_model_that_is_not_deployed_has_no_address(session: AwsSession) -> None:
    with pytest.raises(NotFound) as error:
        ModelDoors(session, SystemClock()).address("flowers", "/predict")
    assert error.value.code == "LD430"


def test_a_request_is_signed_for_the_door_by_whoever_asks(session: AwsSession) -> None:
    doors = ModelDoors(session, SystemClock())
    url = "https://abc.execute-api.eu-west-1.amazonaws.com/predict"
    headers = doors.sign("POST", url, {"content-type": "application/json"}, b"{}")
    assert headers["host"] == "abc.execute-api.eu-west-1.amazonaws.com"
    assert "/eu-west-1/execute-api/aws4_request" in headers["authorization"]
    assert "content-type;host;x-amz-date" in headers["authorization"]


def test_a_function_s_own_url_is_signed_for_lambda(session: AwsSession) -> None:
    url = "https://abc.lambda-url.eu-west-1.on.aws/predict"
    headers = ModelDoors(session, SystemClock()).sign("POST", url, {}, b"{}")
    assert "/eu-west-1/lambda/aws4_request" in headers["authorization"]
