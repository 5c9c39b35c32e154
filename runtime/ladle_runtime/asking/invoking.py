"""Between an HTTP API and an endpoint: a request goes to SageMaker, which such a door cannot ask itself, and its
answer comes back as a function's own would.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping
from functools import cache
from traceback import extract_tb
from typing import Any, Final, Protocol

from ladle import names
from ladle.aws.endpoint_answers import Answered, EndpointAnswers, Refused
from ladle.aws.inference_request import ATTRIBUTES, Request
from ladle.aws.session import AwsSession
from ladle.errors import LadleError
from ladle_runtime.asking.door_event import (
    Answer,
    Event,
    answered,
    problem,
    problem_itself,
    refused,
    request_of,
    told,
)

ROUTES: Final = ("POST /predict", "POST /invocations")  # all that an endpoint answers
MOST_BYTES: Final = 6 * 1024 * 1024  # that a function may return
_LOG: Final = logging.getLogger("ladle")
_OURS: Final = re.compile(r"ladle-[a-z-]+")


class Answers(Protocol):
    def ask(self, request: Request) -> Answered | Refused: ...


def handle(event: Event, context: Any) -> Answer:
    """An event of an HTTP API. Each call has the function's whole time, so the first tells how long to wait."""
    patience_s = round(context.get_remaining_time_in_millis() / 1000) - names.LATE_S
    return answer(lambda model: _answers(model, patience_s), event)


def answer(answers_of: Callable[[str], Answers], event: Any) -> Answer:
    """Never raises; says nothing of what broke to the caller, and where it did to the log."""
    try:
        return _fitting(_asked(answers_of, event if isinstance(event, Mapping) else {}))
    except LadleError as error:
        told_so = refused(error)
        if told_so["statusCode"] >= 500:
            _LOG.warning("%s", error)
        return told_so
    except Exception as error:  # noqa: BLE001 - whoever waits is told that nothing comes
        place = extract_tb(error.__traceback__)[-1]
        _LOG.warning("LD449 %s in %s:%d", type(error).__name__, place.filename, place.lineno)
        return problem(502, "LD449", "the function before the endpoint failed")


def _asked(answers_of: Callable[[str], Answers], event: Event) -> Answer:
    if event.get("routeKey") not in ROUTES:
        raise LadleError("LD404", f"an endpoint answers {' and '.join(ROUTES)}", "ask there")
    request = request_of(event)
    match answers_of(told(event, "model")).ask(request):
        case Answered(content_type, content, attributes):
            headers = {"content-type": content_type, **_unfolded(attributes)}
            return answered(200, headers, content)
        case Refused(status, said):
            return _refusal(status, said)


def _refusal(status: int, said: str) -> Answer:
    """The container's own problem as it is; what else stands there was not meant for callers."""
    status = status if 400 <= status < 600 else 502
    if _is_problem(said):
        return problem_itself(status, said.encode())
    return problem(status, "LD449", "the model did not answer; its log says more")


def _is_problem(said: str) -> bool:
    try:
        found = json.loads(said)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and str(found.get("type")).startswith("urn:ladle:error:")


def _unfolded(attributes: str) -> Mapping[str, str]:
    """Headers that the container put into SageMaker's one, as every other door gives them."""
    if not attributes:
        return {}
    pairs = (part.strip().partition("=") for part in attributes.split(";"))
    ours = {name: value for name, _, value in pairs if _OURS.fullmatch(name)}
    return {ATTRIBUTES: attributes, **ours}


def _fitting(result: Answer) -> Answer:
    """Quotes inside of text take two bytes each on the way out."""
    if len(result["body"]) * 6 > MOST_BYTES and _written_bytes(result) > MOST_BYTES:
        what = f"an answer has at most {MOST_BYTES} bytes on its way"
        raise LadleError("LD406", what, "send fewer rows at once")
    return result


def _written_bytes(result: Answer) -> int:
    return len(json.dumps(result, ensure_ascii=False).encode())


@cache
def _answers(model: str, patience_s: int) -> EndpointAnswers:
    return EndpointAnswers(AwsSession().inference_once(patience_s), model)
