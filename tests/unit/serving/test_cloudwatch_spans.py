"""Spans for CloudWatch are signed as botocore signs, with keys that are new enough, and no others are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import requests
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from requests.adapters import BaseAdapter

from ladle_runtime.serving.cloudwatch_spans import KEPT_S, SignedByRole

CLOUDWATCH = "https://xray.eu-west-1.amazonaws.com/v1/traces"
OWN = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "token=="}
TASK = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"}


class At:
    def __init__(self) -> None:
        self.time = 1_795_400_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Taken(BaseAdapter):
    """Takes all that is sent, wherever it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        response = requests.Response()
        response.status_code = 200
        return response

    def close(self) -> None:
        """Nothing is open."""


class Machine:
    """Hands out keys that are new each time."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, path: str) -> bytes:
        assert path == "/v2/credentials/1"
        self.asked += 1
        keys = {"AccessKeyId": f"AKID{self.asked}", "SecretAccessKey": "key", "Token": "token"}
        return json.dumps(keys).encode()


def span() -> ReadableSpan:
    made = TracerProvider(shutdown_on_exit=False).get_tracer("test").start_span("POST /predict")
    made.end()
    assert isinstance(made, ReadableSpan)
    return made


def sent_to(address: str, signed: SignedByRole) -> requests.PreparedRequest:
    session, taken = requests.Session(), Taken()
    session.auth = signed
    for scheme in ("http://", "https://"):
        session.mount(scheme, taken)
    exporter = OTLPSpanExporter(address, session=session)
    assert exporter.export([span()]) is SpanExportResult.SUCCESS
    [request] = taken.sent
    return request


def botocores(request: requests.PreparedRequest, env: Mapping[str, str]) -> str:
    """The signature that botocore makes of the same request."""
    keys = Credentials(*env.values())
    signer: Any = auth.SigV4Auth(keys, "xray", "eu-west-1")
    at = request.headers["x-amz-date"]
    told = {"X-Amz-Date": at, "X-Amz-Security-Token": env["AWS_SESSION_TOKEN"]}
    again = AWSRequest(method="POST", url=request.url, data=request.body, headers=told)
    again.context["timestamp"] = at
    return str(
        signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    )


def test_what_leaves_for_cloudwatch_is_signed_as_botocore_signs_it() -> None:
    request = sent_to(CLOUDWATCH, SignedByRole(OWN, At()))
    said = str(request.headers["authorization"])
    assert "/eu-west-1/xray/aws4_request" in said
    assert said.endswith(f"Signature={botocores(request, OWN)}")
    assert request.headers["x-amz-security-token"] == "token=="


@pytest.mark.parametrize(
    "address",
    [
        "https://collector.example.com/v1/traces",
        "http://xray.eu-west-1.amazonaws.com/v1/traces",
        "https://xray.eu-west-1.amazonaws.com.example.com/v1/traces",
        "https://example.com/https://xray.eu-west-1.amazonaws.com/v1/traces",
    ],
)
def test_nobody_else_sees_a_signature(address: str) -> None:
    request = sent_to(address, SignedByRole(OWN, At()))
    assert not {"authorization", "x-amz-security-token"} & {
        name.lower() for name in request.headers
    }


def test_a_tasks_keys_are_asked_for_again_before_they_end_and_not_each_time() -> None:
    at, machine = At(), Machine()
    signed = SignedByRole(TASK, at, machine)
    for _ in range(3):
        assert "AKID1/" in sent_to(CLOUDWATCH, signed).headers["authorization"]
    at.sleep(KEPT_S)
    assert "AKID2/" in sent_to(CLOUDWATCH, signed).headers["authorization"]
    assert machine.asked == 2
