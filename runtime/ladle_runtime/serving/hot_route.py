"""What predicts is answered straight from a Lambda event, whatever door it came through; so is the
question whether the model is ready.

HTTP API (payload 2.0), function URL, REST API (1.0) and load balancer; an event of none of these
shapes is a direct invoke, whose event is the body of ``/predict`` itself.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import orjson

from ladle_runtime.serving.answer import Answer, refusal
from ladle_runtime.serving.codecs.base import Headers
from ladle_runtime.serving.codecs.formats import codec_for
from ladle_runtime.serving.codecs.inference_v2 import JSON_LENGTH
from ladle_runtime.serving.prediction_routes import Choose, prediction_routes
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.spans import Asking, Caller

_HEADERS: Final = {
    name: name.encode()
    for name in (
        *("content-type", "accept", "ladle-shape", "ladle-output", JSON_LENGTH),
        *("traceparent", "x-amzn-trace-id"),
    )
}
_TEXT: Final = ("application/json", "application/problem+json", "text/")

_NO_DOOR: Final[Mapping[str, Any]] = {"requestContext": {}}

Event = Mapping[str, Any]


def answer(event: Any, service: Service) -> dict[str, Any] | None:
    """What the function returns, or None for every other route. Never raises."""
    try:
        return _answer(event, service)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return no_event()  # looks like an event of a door, and no door makes such a one


def no_event() -> dict[str, Any]:
    return to_result(refusal("LD436", "this event is of no known door"), _NO_DOOR)


def _answer(event: Any, service: Service) -> dict[str, Any] | None:
    if not isinstance(event, dict) or not is_http(event):
        return _direct(event, service)
    method, path = _route(event)
    if (method, path) == ("GET", "/v2/health/ready"):
        return to_result(ready(service), event)
    settings = service.settings
    choose = prediction_routes(settings.model, settings.release).get(path)
    if method != "POST" or choose is None:
        return None
    try:
        body = _body(event)
    except Refused as refused:
        return to_result(refusal(refused.code, refused.detail), event)
    headers = _headers(event)
    caller = Asking(b"POST", path.encode(), headers)
    return to_result(predict(body, headers, service, choose, caller), event)


def predict(
    body: bytes,
    headers: Headers,
    service: Service,
    choose: Choose = codec_for,
    caller: Caller | None = None,
) -> Answer:
    """A prediction of every door."""
    try:
        codec = choose(headers)
    except Refused as refused:
        return service.refuse(refused.code, refused.detail, caller=caller)
    return service.answer(body, codec, caller)


def ready(service: Service) -> Answer:
    """What the controller asks before it sends traffic: a process that answers has its model."""
    about = {"name": service.settings.model, "ready": True}
    return Answer(200, "application/json", orjson.dumps(about))


def is_http(event: Event) -> bool:
    context = event.get("requestContext")
    return isinstance(context, dict) and ("http" in context or "httpMethod" in event)


def to_result(answered: Answer, event: Event) -> dict[str, Any]:
    """A load balancer that sends lists of headers wants lists back; all others take one value each."""
    text = answered.content_type.startswith(_TEXT)
    body = answered.body.decode() if text else base64.b64encode(answered.body).decode()
    kind = "headers"
    headers: dict[str, Any] = {"content-type": answered.content_type, **dict(answered.headers)}
    if "elb" in event["requestContext"] and "multiValueHeaders" in event:
        kind, headers = "multiValueHeaders", {name: [each] for name, each in headers.items()}
    return {"statusCode": answered.status, kind: headers, "body": body, "isBase64Encoded": not text}


def _direct(event: Any, service: Service) -> dict[str, Any]:
    try:
        body = orjson.dumps(event)  # what JSON cannot hold (NaN becomes null), no door lets through
    except (TypeError, ValueError, RecursionError):
        body = b""
    answered: dict[str, Any] = orjson.loads(predict(body, {}, service).body)
    return answered


def _route(event: Event) -> tuple[str, str]:
    context = event["requestContext"]
    if "http" not in context:
        return str(event["httpMethod"]), str(event.get("path"))
    path, stage = str(event.get("rawPath")), context.get("stage", "$default")
    return str(context["http"].get("method")), path.removeprefix(f"/{stage}")


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            return base64.b64decode(str(body), validate=True)
        return str(body).encode()
    except (binascii.Error, ValueError):  # no base64 after all, or half of a surrogate pair
        raise Refused("LD401", "the body cannot be decoded") from None


def _headers(event: Event) -> Headers:
    """Those that choose formats, or name a trace. Doors that keep lists of headers may send only those; names may
    have any case."""
    found: dict[bytes, bytes] = {}
    lists = event.get("multiValueHeaders")
    if isinstance(lists, dict):
        for name, values in lists.items():
            if (known := _HEADERS.get(name.lower())) and values:
                found[known] = str(values[-1]).encode("latin-1", "replace")
    single = event.get("headers")
    if isinstance(single, dict):
        for name, value in single.items():
            if known := _HEADERS.get(name.lower()):
                found[known] = str(value).encode("latin-1", "replace")
    return found
