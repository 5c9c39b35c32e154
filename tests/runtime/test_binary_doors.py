"""Bytes go through every door in both directions: tensors of each protocol, SageMaker's formats."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from tests.runtime.test_lambda_doors import DOORS, Door

X = np.array([[1, 2, 3, 4], [0, 0, 0, 0]], np.float32)
LABELS = [2, 0]


def headers_of(result: dict[str, Any]) -> dict[str, str]:
    lists = result.get("multiValueHeaders") or {}
    return {**{k: v[0] for k, v in lists.items()}, **(result.get("headers") or {})}


def post(
    function: Any, door: Door, path: str, body: bytes, headers: dict[str, str]
) -> tuple[dict[str, str], bytes]:
    event = door("POST", path, base64.b64encode(body).decode(), True)
    for name, value in headers.items():
        for own in ("headers", "multiValueHeaders"):
            if own in event:
                kept = {k: v for k, v in event[own].items() if k.lower() != name}
                event[own] = {**kept, name: value if own == "headers" else [value]}
    result = function.invoke(event).payload
    content = result["body"].encode()
    if result["isBase64Encoded"]:
        content = base64.b64decode(content)
    assert result["statusCode"] == 200, content
    return headers_of(result), content


every_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)


@every_door
@pytest.mark.parametrize("base", ["/v2/models/flowers", "/v2/models/flowers/versions/7"])
def test_the_binary_tensor_extension(function: Any, door: Door, base: str) -> None:
    tensor = {
        "name": "x",
        "shape": [2, 4],
        "datatype": "FP32",
        "parameters": {"binary_data_size": X.nbytes},
    }
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    sent = {
        "content-type": "application/octet-stream",
        "inference-header-content-length": str(len(head)),
    }
    headers, body = post(function, door, f"{base}/infer", head + X.tobytes(), sent)
    size = int(headers["inference-header-content-length"])
    label, probabilities = json.loads(body[:size])["outputs"]
    at = size + label["parameters"]["binary_data_size"]
    assert np.frombuffer(body[size:at], np.int64).tolist() == LABELS
    assert np.frombuffer(body[at:], np.float32).reshape(probabilities["shape"]).shape == (2, 3)


@every_door
@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_npy_in_and_out(function: Any, door: Door, path: str) -> None:
    sent = io.BytesIO()
    np.save(sent, X)
    kind = "application/x-npy"
    asked = {"content-type": kind, "accept": kind, "ladle-output": "label"}
    headers, body = post(function, door, path, sent.getvalue(), asked)
    assert headers["content-type"] == kind
    assert np.load(io.BytesIO(body)).tolist() == LABELS


@every_door
@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_csv_in_and_out(function: Any, door: Door, path: str) -> None:
    asked = {"content-type": "text/csv", "accept": "text/csv"}
    _, body = post(function, door, path, b"1,2,3,4\n0,0,0,0\n", asked)
    head, *rows = body.decode().splitlines()
    assert head.split(",")[:2] == ["prediction_id", "label"]
    assert [int(row.split(",")[1]) for row in rows] == LABELS


@every_door
def test_raw_values_in_and_out(function: Any, door: Door) -> None:
    kind = "application/octet-stream"
    asked = {"content-type": kind, "accept": kind, "ladle-shape": "2,4", "ladle-output": "label"}
    headers, body = post(function, door, "/predict", X.tobytes(), asked)
    assert (headers["ladle-shape"], headers["ladle-dtype"]) == ("2", "int64")
    assert np.frombuffer(body, np.int64).tolist() == LABELS
