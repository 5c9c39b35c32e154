"""The door speaks API Gateway's payload format 2.0 to functions."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from ladle.embedded.http_event import Request, from_result, to_event

ACCOUNT = "000000000000"


def make_request(body: bytes = b"{}", principal: str | None = None) -> Request:
    headers = {"ladle-principal": principal} if principal else {}
    return Request("POST", "/predict", "", headers, body, "127.0.0.1", "r1", 1.5)


@given(st.binary(max_size=200))
def test_every_body_arrives_byte_for_byte(body: bytes) -> None:
    event = to_event(make_request(body), ACCOUNT)
    text = event["body"]
    assert (base64.b64decode(text) if event["isBase64Encoded"] else text.encode()) == body


def test_the_principal_that_the_header_names_is_the_caller() -> None:
    event = to_event(make_request(principal="labeller"), ACCOUNT)
    arn = event["requestContext"]["authorizer"]["iam"]["userArn"]
    assert arn == "arn:aws:iam::000000000000:user/labeller"


def test_nobody_in_particular_is_never_a_labeller() -> None:
    event = to_event(make_request(), ACCOUNT)
    assert event["requestContext"]["authorizer"]["iam"]["userArn"].endswith(":user/caller")


def test_an_answer_keeps_status_headers_and_binary_body() -> None:
    result = {
        "statusCode": 422,
        "headers": {"content-type": "application/problem+json"},
        "body": base64.b64encode(b"\xff\x00").decode(),
        "isBase64Encoded": True,
    }
    assert from_result(result) == (
        422,
        {"content-type": "application/problem+json"},
        b"\xff\x00",
    )
