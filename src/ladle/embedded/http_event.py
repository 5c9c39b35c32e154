"""An HTTP request as API Gateway's HTTP API hands it to a function (payload format 2.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PRINCIPAL_HEADER = "ladle-principal"


@dataclass(frozen=True, slots=True)
class Request:
    """``headers`` with lower-case names; ``at`` UTC epoch seconds."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str
    request_id: str
    at: float


def principal_arn(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:user/{name}"


def to_event(request: Request, account: str) -> dict[str, Any]:
    """The embedded door checks no signature: it believes the header ``Ladle-Principal``."""
    name = request.headers.get(PRINCIPAL_HEADER, "caller")
    try:
        body, encoded = request.body.decode("utf-8"), False
    except UnicodeDecodeError:
        body, encoded = base64.b64encode(request.body).decode("ascii"), True
    return {
        "version": "2.0",
        "routeKey": f"{request.method} {request.path}",
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": dict(request.headers),
        "requestContext": {
            "accountId": account,
            "apiId": "embedded",
            "authorizer": {"iam": {"userArn": principal_arn(account, name)}},
            "domainName": "127.0.0.1",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.client,
                "userAgent": request.headers.get("user-agent", ""),
            },
            "requestId": request.request_id,
            "routeKey": f"{request.method} {request.path}",
            "stage": "$default",
            "timeEpoch": int(request.at * 1000),
        },
        "body": body,
        "isBase64Encoded": encoded,
    }


def from_result(result: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a function's answer in payload format 2.0."""
    body = result.get("body") or ""
    content = base64.b64decode(body) if result.get("isBase64Encoded") else str(body).encode()
    return int(result.get("statusCode", 200)), dict(result.get("headers") or {}), content
