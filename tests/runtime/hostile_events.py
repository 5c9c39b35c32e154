"""Hostile requests behind every door of Lambda, and events that no door would make."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from ladle.actions.hostile_requests import MARK, HostileRequest, fault_of, hostile_requests

Event = dict[str, Any]
WRONG = (None, 0, "", MARK, [], {}, [None], {"x": MARK}, True, "\ud800", float("nan"), 10**400)


def hostile_events(openapi: Mapping[str, Any], seed: int) -> Iterator[Any]:
    """Without end; most are whole events, one in five is spoilt."""
    random = Random(seed)
    for request in hostile_requests(openapi, seed):
        event = random.choice(DOORS)(request, random)
        if random.random() < 0.2 and isinstance(event, dict):
            _spoil(event, random)
        yield event


def fault_of_result(result: Mapping[str, Any]) -> str | None:
    """Of what a function returns to a door, or to whoever invoked it directly."""
    if "statusCode" not in result:
        return fault_of(result.get("status", 200), json.dumps(result).encode())
    body = str(result["body"]).encode()
    if result["isBase64Encoded"]:
        body = base64.b64decode(body)
    return fault_of(result["statusCode"], body)


def _body(request: HostileRequest, random: Random) -> dict[str, Any]:
    if random.random() < 0.5:
        return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}
    return {"body": request.body.decode(errors="surrogateescape"), "isBase64Encoded": False}


def _http_api(request: HostileRequest, random: Random) -> Event:
    http = {"method": request.method, "path": request.path, "sourceIp": "203.0.113.9"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": "",
        "headers": dict(request.headers),
        "requestContext": {"stage": "$default", "http": http},
        **_body(request, random),
    }


def _rest_api(request: HostileRequest, random: Random) -> Event:
    return {
        "resource": "/{proxy+}",
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": {name: [value] for name, value in request.headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"httpMethod": request.method, "stage": "prod", "identity": {}},
        **_body(request, random),
    }


def _load_balancer(request: HostileRequest, random: Random) -> Event:
    return {
        "httpMethod": request.method,
        "path": request.path,
        "queryStringParameters": {},
        "headers": dict(request.headers),
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:::target"}},
        **_body(request, random),
    }


def _load_balancer_with_lists(request: HostileRequest, random: Random) -> Event:
    event = _load_balancer(request, random)
    event["multiValueHeaders"] = {name: [value] for name, value in event.pop("headers").items()}
    event["multiValueQueryStringParameters"] = event.pop("queryStringParameters")
    return event


def _direct(request: HostileRequest, _: Random) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body.decode(errors="replace")


DOORS: tuple[Callable[[HostileRequest, Random], Any], ...] = (
    _http_api,
    _rest_api,
    _load_balancer,
    _load_balancer_with_lists,
    _direct,
)


def _spoil(event: Event, random: Random) -> None:
    """One field, at the top or one level below, is missing or holds something else."""
    place: Any = event
    if not place:
        return
    key = random.choice(list(place))
    if isinstance(place[key], dict) and place[key] and random.random() < 0.5:
        place = place[key]
        key = random.choice(list(place))
    if random.random() < 0.3:
        del place[key]
    else:
        place[key] = random.choice(WRONG)
