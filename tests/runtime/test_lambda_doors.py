"""Whatever door a request came through, the function under the real runtime client answers alike."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ladle.quality.counts import window_start
from ladle.quality.labels import PredictionRows, noted
from ladle.quality.lines import RequestLine, parse
from ladle.quality.sealed_id import SEALED_ROWS, seal_key, unseal

Event = dict[str, Any]
Door = Callable[..., Event]
BODY = '{"inputs": [[1, 2, 3, 4], [4, 3, 2, 1]]}'


def http_api(method: str, path: str, body: str = "", encoded: bool = False) -> Event:
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "abc.execute-api.aws"},
        "requestContext": {
            "stage": "$default",
            "http": {"method": method, "path": path, "sourceIp": "203.0.113.9"},
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def function_url(method: str, path: str, body: str = "", encoded: bool = False) -> Event:
    event = http_api(method, path, body, encoded)
    event["requestContext"]["domainName"] = "abc.lambda-url.eu-west-1.on.aws"
    return event


def rest_api(method: str, path: str, body: str = "", encoded: bool = False) -> Event:
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json", "Host": "abc.execute-api.aws"},
        "multiValueHeaders": {"Content-Type": ["application/json"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {
            "resourcePath": "/{proxy+}",
            "httpMethod": method,
            "stage": "prod",
            "path": f"/prod{path}",
            "identity": {"sourceIp": "203.0.113.9"},
        },
        "body": body or None,
        "isBase64Encoded": encoded,
    }


def load_balancer(method: str, path: str, body: str = "", encoded: bool = False) -> Event:
    return {
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": {"content-type": "application/json", "x-forwarded-for": "203.0.113.9"},
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:::target"}},
        "body": body,
        "isBase64Encoded": encoded,
    }


def load_balancer_with_lists(
    method: str, path: str, body: str = "", encoded: bool = False
) -> Event:
    event = load_balancer(method, path, body, encoded)
    headers, query = event.pop("headers"), event.pop("queryStringParameters")
    event["multiValueHeaders"] = {name: [value] for name, value in headers.items()}
    event["multiValueQueryStringParameters"] = query
    return event


DOORS = [http_api, function_url, rest_api, load_balancer, load_balancer_with_lists]
every_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)


def content_type(result: Mapping[str, Any]) -> str:
    if "multiValueHeaders" in result and "content-type" in result["multiValueHeaders"]:
        return str(result["multiValueHeaders"]["content-type"][0])
    return str(result["headers"]["content-type"])


@every_door
def test_predict_answers_with_an_id_per_row_and_the_release(function: Any, door: Door) -> None:
    result = function.invoke(door("POST", "/predict", BODY)).payload

    answer = json.loads(result["body"])
    assert result["statusCode"] == 200
    assert content_type(result) == "application/json"
    assert [sorted(p) for p in answer["predictions"]] == [["label", "probabilities"]] * 2
    first, second = answer["prediction_ids"]
    assert (len(first), len(second), answer["prediction_id"]) == (48, 48, first)
    assert first != second
    assert (answer["model"], answer["release"]) == ("flowers", 7)


@every_door
def test_a_base64_body_is_the_same_request(function: Any, door: Door) -> None:
    encoded = base64.b64encode(BODY.encode()).decode()
    plain = function.invoke(door("POST", "/predict", BODY)).payload
    result = function.invoke(door("POST", "/predict", encoded, True)).payload
    assert json.loads(result["body"])["predictions"] == json.loads(plain["body"])["predictions"]


@every_door
def test_a_bad_input_is_a_problem_with_a_code(function: Any, door: Door) -> None:
    result = function.invoke(door("POST", "/predict", '{"inputs": [[1, 2, 3]]}')).payload
    assert result["statusCode"] == 422
    assert content_type(result) == "application/problem+json"
    assert json.loads(result["body"])["code"] == "LD413"


@every_door
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "LD404"), ("GET", "/predict", 405, "LD405")],
)
def test_an_unknown_route_is_a_problem_too(
    function: Any, door: Door, method: str, path: str, status: int, code: str
) -> None:
    result = function.invoke(door(method, path)).payload
    assert result["statusCode"] == status
    assert not result["isBase64Encoded"]
    assert json.loads(result["body"])["code"] == code


@every_door
def test_every_other_route_is_behind_the_same_door(function: Any, door: Door) -> None:
    for path in ("/healthz", "/ping", "/metadata", "/v2", "/v2/health/ready", "/openapi.json"):
        result = function.invoke(door("GET", path)).payload
        assert (path, result["statusCode"]) == (path, 200)


def test_a_direct_invoke_takes_and_gives_the_body_itself(function: Any) -> None:
    answer = function.invoke(json.loads(BODY)).payload
    assert len(answer["predictions"]) == 2
    assert function.invoke({"inputs": []}).payload["code"] == "LD413"
    assert function.invoke([1]).payload["code"] == "LD410"
    assert function.invoke(None).payload["code"] == "LD410"


def test_a_stage_in_the_path_is_no_part_of_the_route(function: Any) -> None:
    event = http_api("POST", "/prod/predict", BODY)
    event["requestContext"]["stage"] = "prod"
    assert function.invoke(event).payload["statusCode"] == 200


@every_door
def test_the_controller_s_question_is_answered_and_counted_nowhere(
    start_function: Any, door: Door
) -> None:
    with start_function() as function:
        result = function.invoke(door("GET", "/v2/health/ready")).payload
        assert json.loads(result["body"]) == {"name": "flowers", "ready": True}
        assert function.lines() == []


def test_one_line_leaves_for_each_request_and_its_ids_say_what_was_predicted(
    start_function: Any, log_key: bytes
) -> None:
    with start_function() as function:
        answer = function.invoke(json.loads(BODY)).payload
        function.invoke({"inputs": [["a"]]})
        first, second = [parse(line, log_key) for line in function.lines()]

    assert isinstance(first, RequestLine)
    assert isinstance(second, RequestLine)
    assert (first.outcome, first.status, first.rows, first.cold) == ("ok", 200, 2, True)
    assert (second.outcome, second.status, second.cold) == ("rejected", 422, False)
    for row, (id_, said) in enumerate(
        zip(answer["prediction_ids"], answer["predictions"], strict=True)
    ):
        found = unseal("flowers", id_, [seal_key(log_key)])
        window = window_start(first.at, first.window_s)
        assert found is not None
        assert [noted(o).value for o in found.outcomes] == [said["label"]]
        assert replace(found, outcomes=()) == PredictionRows("flowers", id_, 7, window, 2, row, ())
        assert noted(found.outcomes[0]).confidence == pytest.approx(
            max(said["probabilities"]), abs=0.003
        )


def test_rows_of_a_request_with_many_leave_as_lines(start_function: Any, log_key: bytes) -> None:
    inputs = {"inputs": [[1, 2, 3, 4]] * (SEALED_ROWS + 1)}
    with start_function() as function:
        answer = function.invoke(inputs).payload
        request, rows = [parse(line, log_key) for line in function.lines()]

    assert isinstance(request, RequestLine)
    assert isinstance(rows, PredictionRows)
    assert f"{request.request_id}.0" == answer["prediction_id"]
    kept = [noted(outcome) for outcome in rows.outcomes]
    assert [n.value for n in kept] == [p["label"] for p in answer["predictions"]]
    assert all(
        n.confidence == pytest.approx(max(p["probabilities"]), abs=0.001)
        for n, p in zip(kept, answer["predictions"], strict=True)
    )
    assert rows.request_id == request.request_id


def test_a_transform_that_fails_is_a_500_and_a_failure_of_the_release(
    start_function: Any, environment: Mapping[str, str], tmp_path: Path
) -> None:
    secret = "the-customer-s-name"
    (tmp_path / "transform.py").write_text(f"def after(outputs):\n    raise OSError('{secret}')\n")
    spec = json.dumps({**json.loads(environment["LADLE_SPEC"]), "transform": "transform.py"})
    with start_function(LADLE_SPEC=spec, LAMBDA_TASK_ROOT=str(tmp_path)) as function:
        result = function.invoke(http_api("POST", "/predict", BODY))
        lines = function.lines()

    assert not result.failed
    assert result.payload["statusCode"] == 500
    assert json.loads(result.payload["body"])["code"] == "LD402"
    assert any('"o":"failed"' in line for line in lines)
    assert secret not in "\n".join(lines) + json.dumps(result.payload)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"LADLE_MODEL_FILE": "/nowhere/model.onnx"}, "LD423"),
        ({"LADLE_SPEC": "{}"}, "LD422"),
        ({"handler": "no_such_module.handle"}, "ImportModuleError"),
    ],
)
def test_what_cannot_start_is_an_init_error(
    start_function: Any, changes: dict[str, str], said: str
) -> None:
    with start_function(**changes) as function:
        assert said in json.dumps(function.api.init_error())
        assert function.process.wait(10) == 1


def test_a_transform_that_cannot_be_imported_is_an_init_error(
    start_function: Any, environment: Mapping[str, str], tmp_path: Path
) -> None:
    (tmp_path / "transform.py").write_text("import no_such_module\n")
    spec = json.dumps({**json.loads(environment["LADLE_SPEC"]), "transform": "transform.py"})
    with start_function(LADLE_SPEC=spec, LAMBDA_TASK_ROOT=str(tmp_path)) as function:
        assert "no_such_module" in json.dumps(function.api.init_error())
