"""``POST /predict`` of a model that answers later is 202 with an id, ``GET /predictions/{id}`` what became of it.

The stage of the door says of which model it is, which release is asked, and how long it may take.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache

from ladle import names
from ladle.aws.async_jobs import Answered, AsyncJobs, Failed, Outcome, Waits
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError, Unavailable
from ladle_runtime.asking.door_event import (
    Answer,
    Event,
    answered,
    problem,
    refused,
    request_of,
    told,
)

LOOK_AGAIN_S = "5"
# A container's refusal in SageMaker's words: "Received client error (422) from primary …".
_REFUSED = re.compile(r"client error \((4\d\d)\)")


def handle(event: Event, _context: object) -> Answer:
    """An event of a REST API."""
    return answer(_jobs(told(event, "model")), event)


def answer(jobs: AsyncJobs, event: Event) -> Answer:
    try:
        if id_ := (event.get("pathParameters") or {}).get("id"):
            return _looked_for(jobs.outcome(str(id_)), str(id_))
        return _asked(jobs, event)
    except LadleError as error:
        return refused(error)


def _asked(jobs: AsyncJobs, event: Event) -> Answer:
    release = told(event, names.STAGE_RELEASE)
    if not release.isdigit():
        raise Unavailable("LD447", "no release is there to be asked yet", "wait for its first")
    timeout_s = int(told(event, names.STAGE_TIMEOUT))
    id_ = jobs.ask(int(release), request_of(event), timeout_s)
    return _waits(id_, {"location": f"predictions/{id_}"})


def _looked_for(outcome: Outcome, id_: str) -> Answer:
    match outcome:
        case Waits():
            return _waits(id_, {})
        case Failed(why):
            found = _REFUSED.search(why)
            return problem(int(found[1]) if found else 502, "LD449", why[:2000])
        case Answered(content_type, content, link) if link is None:
            return answered(200, {"content-type": content_type}, content)
        case Answered(_, _, link):
            return answered(303, {"content-type": "text/plain", "location": str(link)}, b"")


def _waits(id_: str, headers: Mapping[str, str]) -> Answer:
    body = json.dumps({"job_id": id_, "status": "waiting"})
    kept = {"content-type": "application/json", "retry-after": LOOK_AGAIN_S}
    return answered(202, {**kept, **headers}, body.encode())


@cache
def _jobs(model: str) -> AsyncJobs:
    aws = AwsSession()
    bucket = names.store_bucket(aws.account, aws.region)
    return AsyncJobs(aws.s3, aws.inference, bucket, model, SystemClock())
