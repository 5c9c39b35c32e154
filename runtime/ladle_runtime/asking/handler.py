"""``POST /predict`` of a model that answers later is 202 with an id, ``GET /predictions/{id}`` what became of it.

The stage of the door says of which model it is, which release is asked, and how long it may take.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ladle import names
from ladle.aws.async_jobs import Answered, AsyncJobs, Failed, Outcome, Request, Waits
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError, Unavailable

LOOK_AGAIN_S = "5"
# A container's refusal in SageMaker's words: "Received client error (422) from primary …".
_REFUSED = re.compile(r"client error \((4\d\d)\)")
_STATUS = {"LD445": 404, "LD446": 410, "LD448": 400}
_TITLE = {
    400: "this is no request",
    404: "no such prediction",
    410: "the prediction is too old",
    500: "asking failed",
    502: "the model failed",
    503: "try again",
}
# SageMaker hands on these of a caller's headers, under its own names for them.
_PASSED = {
    "content-type": "ContentType",
    "accept": "Accept",
    "x-amzn-sagemaker-custom-attributes": "CustomAttributes",
}
Answer = Mapping[str, Any]


def handle(event: Mapping[str, Any], _context: object) -> Answer:
    """An event of a REST API."""
    return answer(_jobs(_told(event, "model")), event)


def answer(jobs: AsyncJobs, event: Mapping[str, Any]) -> Answer:
    try:
        if id_ := (event.get("pathParameters") or {}).get("id"):
            return _looked_for(jobs.outcome(str(id_)), str(id_))
        return _asked(jobs, event)
    except Unavailable as error:
        return _problem(503, error.code, str(error.finding.what), {"retry-after": "1"})
    except LadleError as error:
        return _problem(_STATUS.get(error.code, 500), error.code, error.finding.what)


def _asked(jobs: AsyncJobs, event: Mapping[str, Any]) -> Answer:
    release = _told(event, names.STAGE_RELEASE)
    if not release.isdigit():
        raise Unavailable("LD447", "no release is there to be asked yet", "wait for its first")
    timeout_s = int(_told(event, names.STAGE_TIMEOUT))
    id_ = jobs.ask(int(release), Request(_body(event), _headers(event)), timeout_s)
    return _waits(id_, {"location": f"predictions/{id_}"})


def _looked_for(outcome: Outcome, id_: str) -> Answer:
    match outcome:
        case Waits():
            return _waits(id_, {})
        case Failed(why):
            refused = _REFUSED.search(why)
            return _problem(int(refused[1]) if refused else 502, "LD449", why[:2000])
        case Answered(content_type, content, link) if link is None:
            text = base64.b64encode(content).decode()
            return _said(200, {"content-type": content_type}, text, encoded=True)
        case Answered(_, _, link):
            return _said(303, {"location": str(link)}, "")


def _waits(id_: str, headers: Mapping[str, str]) -> Answer:
    body = json.dumps({"job_id": id_, "status": "waiting"})
    kept = {"content-type": "application/json", "retry-after": LOOK_AGAIN_S}
    return _said(202, {**kept, **headers}, body)


def _problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> Answer:
    body = {
        "type": f"urn:ladle:error:{code}",
        "title": _TITLE.get(status, "the model refused the request"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    kept = {"content-type": "application/problem+json", **(headers or {})}
    return _said(status, kept, json.dumps(body))


def _said(status: int, headers: Mapping[str, str], body: str, *, encoded: bool = False) -> Answer:
    return {
        "statusCode": status,
        "headers": dict(headers),
        "body": body,
        "isBase64Encoded": encoded,
    }


def _told(event: Mapping[str, Any], name: str) -> str:
    return str((event.get("stageVariables") or {}).get(name, ""))


def _headers(event: Mapping[str, Any]) -> Mapping[str, str]:
    """Without a content type a body is JSON, as at every other door."""
    sent = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    passed = {named: sent[name] for name, named in _PASSED.items() if sent.get(name)}
    return {"ContentType": "application/json", **passed}


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise LadleError("LD448", "the body is not what the door says it is", "again") from error


@cache
def _jobs(model: str) -> AsyncJobs:
    aws = AwsSession()
    bucket = names.store_bucket(aws.account, aws.region)
    return AsyncJobs(aws.s3, aws.inference, bucket, model, SystemClock())
