"""``POST /predict`` is answered straight from a Lambda event, whatever door it came through; so is
the question whether the model is ready.

HTTP API (payload 2.0), function URL, REST API (1.0) and load balancer; an event of none of these
shapes is a direct invoke, whose event is the body of ``/predict`` itself.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

import orjson

from ladle_runtime.serving.codecs.rest import RestJson
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.service import Answer, Service, refusal

REST: Final = RestJson()
# Formats that a later version reads; never to be mistaken for JSON until then.
_NOT_YET: Final = (
    "application/octet-stream",
    "application/x-npy",
    "application/vnd.apache.arrow",
    "text/csv",
)

Event = Mapping[str, Any]


def answer(event: Any, service: Service) -> dict[str, Any] | None:
    """What the function returns, or None for every route but this one."""
    if not isinstance(event, Mapping) or not is_http(event):
        return _direct(event, service)
    route = _route(event)
    if route == ("GET", "/v2/health/ready"):
        return to_result(ready(service), event)
    if route != ("POST", "/predict"):
        return None
    try:
        body = _body(event)
    except Refused as refused:
        return to_result(refusal(refused.code, refused.detail), event)
    return to_result(predict(body, _content_type(event), service), event)


def predict(body: bytes, content_type: str, service: Service) -> Answer:
    """``/predict`` of every door."""
    if content_type.lower().startswith(_NOT_YET):
        return refusal("LD415", "send application/json")
    return service.answer(body, REST)


def ready(service: Service) -> Answer:
    """What the controller asks before it sends traffic: a process that answers has its model."""
    about = {"name": service.settings.model, "ready": True}
    return Answer(200, "application/json", orjson.dumps(about))


def is_http(event: Event) -> bool:
    context = event.get("requestContext")
    return isinstance(context, Mapping) and ("http" in context or "httpMethod" in event)


def to_result(answered: Answer, event: Event) -> dict[str, Any]:
    """A load balancer that sends lists of headers wants lists back; all others take one value each."""
    result: dict[str, Any] = {
        "statusCode": answered.status,
        "body": answered.body.decode(),
        "isBase64Encoded": False,
    }
    if "elb" in event["requestContext"] and "multiValueHeaders" in event:
        return {**result, "multiValueHeaders": {"content-type": [answered.content_type]}}
    return {**result, "headers": {"content-type": answered.content_type}}


def _direct(event: Any, service: Service) -> dict[str, Any]:
    try:
        body = orjson.dumps(event)  # what JSON cannot hold (NaN becomes null), no door lets through
    except (TypeError, ValueError, RecursionError):
        body = b""
    answered: dict[str, Any] = orjson.loads(predict(body, "application/json", service).body)
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


def _content_type(event: Event) -> str:
    """Doors that keep lists of headers may send only those; names may have any case."""
    for name, value in (event.get("headers") or {}).items():
        if name.lower() == "content-type":
            return str(value)
    for name, values in (event.get("multiValueHeaders") or {}).items():
        if name.lower() == "content-type" and values:
            return str(values[-1])
    return ""
