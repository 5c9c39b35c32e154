"""The app on a port: every route of the surface, its errors, and its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ladle.quality.lines import RequestLine, parse
from ladle.tools.processes import free_port, port_taken, wait_until
from ladle.tools.serving_process import ServingProcess


def ask(url: str, body: Any = None, content: bytes | None = None) -> tuple[int, str, Any]:
    """Status, content type and JSON (or text) of a GET, or of a POST where there is a body."""
    data = content if content is not None else None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            answer, status, kind = response.read(), response.status, response.headers
    except urllib.error.HTTPError as error:
        with error:
            answer, status, kind = error.read(), error.code, error.headers
    content_type = kind.get_content_type()
    return status, content_type, json.loads(answer) if "json" in content_type else answer.decode()


@pytest.fixture(scope="module")
def url(environment: Mapping[str, str]) -> Iterator[str]:
    with ServingProcess(environment, free_port()) as process:
        process.wait_until_ready()
        yield process.url


@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_rest_and_sagemaker_give_the_same_answer(url: str, path: str) -> None:
    status, kind, answer = ask(url + path, {"inputs": [[1, 2, 3, 4], [0, 0, 0, 0]]})
    assert (status, kind) == (200, "application/json")
    assert [p["label"] for p in answer["predictions"]] == [2, 0]
    assert len(set(answer["prediction_ids"])) == 2
    assert (answer["model"], answer["release"]) == ("flowers", 0)


@pytest.mark.parametrize("base", ["/v2/models/flowers", "/v2/models/flowers/versions/0"])
def test_the_open_inference_protocol_gives_named_tensors(url: str, base: str) -> None:
    asked = {
        "id": "mine",
        "inputs": [
            {"name": "x", "shape": [2, 4], "datatype": "FP32", "data": [1, 2, 3, 4, 0, 0, 0, 0]}
        ],
    }
    status, _, answer = ask(f"{url}{base}/infer", asked)
    label, probabilities = answer["outputs"]
    assert status == 200
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("flowers", "0", "mine")
    assert label == {"name": "label", "shape": [2], "datatype": "INT64", "data": [2, 0]}
    assert (probabilities["shape"], len(probabilities["data"])) == ([2, 3], 6)
    assert len(answer["parameters"]["prediction_ids"].split(",")) == 2


def test_nested_data_is_the_same_tensor_as_flat_data(url: str) -> None:
    nested = {"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [[1, 2, 3, 4]]}
    flat = {**nested, "data": [1, 2, 3, 4]}
    answers = [ask(f"{url}/v2/models/flowers/infer", {"inputs": [t]})[2] for t in (nested, flat)]
    assert answers[0]["outputs"] == answers[1]["outputs"]


@pytest.mark.parametrize(
    ("path", "holds"),
    [
        ("/healthz", {"status": "ok"}),
        ("/ping", {"status": "ok"}),
        ("/metadata", {"model": "flowers", "release": 0, "graph": "original"}),
        ("/v2", {"name": "ladle"}),
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        ("/v2/models/flowers", {"name": "flowers", "versions": ["0"]}),
        ("/v2/models/flowers/ready", {"ready": True}),
        ("/v2/models/flowers/versions/0/ready", {"ready": True}),
    ],
)
def test_a_served_model_says_what_it_is(url: str, path: str, holds: dict[str, Any]) -> None:
    status, _, answer = ask(url + path)
    assert status == 200
    assert holds.items() <= answer.items()


def test_openapi_describes_the_inputs_of_this_model(url: str) -> None:
    _, _, api = ask(f"{url}/openapi.json")
    content = api["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]
    named, _, rows = content["schema"]["properties"]["inputs"]["anyOf"]
    assert named["required"] == ["x"]
    assert (rows["items"]["minItems"], rows["items"]["maxItems"]) == (4, 4)
    properties = api["paths"]["/predict"]["post"]["responses"]["200"]["content"][
        "application/json"
    ]["schema"]["properties"]["predictions"]["items"]["properties"]
    assert properties["label"]["type"] == "integer"
    assert properties["probabilities"]["maxItems"] == 3


def test_every_example_of_the_docs_works_when_pasted(url: str) -> None:
    _, _, api = ask(f"{url}/openapi.json")
    pasted = [
        (path, ask(url + path, body["example"])[0])
        for path, methods in api["paths"].items()
        for method in methods.values()
        for body in method.get("requestBody", {}).get("content", {}).values()
        if "example" in body
    ]
    assert sorted(pasted) == [
        ("/invocations", 200),
        ("/predict", 200),
        ("/v2/models/flowers/infer", 200),
        ("/v2/models/flowers/versions/0/infer", 200),
    ]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_the_page_loads_nothing_from_elsewhere(url: str, path: str) -> None:
    status, kind, page = ask(url + path)
    assert (status, kind) == (200, "text/html")
    assert "//" not in page.replace("<!doctype html>", "")


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        ("/nowhere", None, 404, "LD404"),
        ("/predict", None, 405, "LD405"),
        ("/v2/models/other/infer", b"{}", 404, "LD404"),
        ("/predict", b'{"inputs": "x"}', 422, "LD410"),
        ("/predict", b'{"inputs": "' + b"x" * 6_300_000 + b'"}', 413, "LD403"),
        ("/feedback", b'{"prediction_id": "x", "label": 1}', 422, "LD605"),
    ],
)
def test_every_refusal_is_a_problem_with_a_code(
    url: str, path: str, content: bytes | None, status: int, code: str
) -> None:
    found, kind, problem = ask(url + path, content=content)
    assert (found, kind) == (status, "application/problem+json")
    assert (problem["status"], problem["code"]) == (status, code)


def test_feedback_is_taken_in_process(url: str) -> None:
    _, _, answer = ask(f"{url}/predict", {"inputs": [[1, 2, 3, 4]]})
    label = {"prediction_id": answer["prediction_id"], "label": 2}
    assert ask(f"{url}/feedback", label)[::2] == (
        202,
        {"accepted": 1, "corrected": 0, "repeated": 0, "waiting": 0, "refused": []},
    )
    assert ask(f"{url}/feedback", [label, label])[2]["accepted"] == 2


def test_a_server_prints_the_lines_that_the_collector_reads(
    environment: Mapping[str, str], log_key: bytes
) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "ladle_runtime.serving.server_entry", "--port", str(port)],
        env=dict(environment),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            wait_until(lambda: port_taken(port), process.pid, 30, "the server", Path(os.devnull))
            ask(f"http://127.0.0.1:{port}/predict", {"inputs": [[1, 2, 3, 4]]})
            assert process.stdout is not None
            line = parse(process.stdout.readline(), log_key)
        finally:
            process.terminate()
    assert isinstance(line, RequestLine)
    assert (line.status, line.rows) == (200, 1)
    assert not port_taken(port)


def test_a_model_that_cannot_be_loaded_is_said_and_ends_the_process(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    broken = tmp_path / "model.onnx"
    broken.write_bytes(b"no model")
    done = subprocess.run(
        [sys.executable, "-m", "ladle_runtime.serving.server_entry", "--port", str(free_port())],
        env={**environment, "LADLE_MODEL_FILE": str(broken)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("LD424 ")
    assert "Traceback" not in done.stderr
