"""A refusal names its code and what was expected, and never repeats what was sent."""

from __future__ import annotations

import json
from typing import Final

PROBLEM_TYPE: Final = "application/problem+json"

# Code -> HTTP status, title. 4xx is the caller's fault, 5xx ours.
PROBLEMS: Final[dict[str, tuple[int, str]]] = {
    "LD401": (400, "the body is no JSON"),
    "LD402": (500, "the model failed while it answered"),
    "LD403": (413, "the request is too large"),
    "LD404": (404, "there is no such route"),
    "LD405": (405, "this route takes another method"),
    "LD406": (413, "the answer would be too large"),
    "LD407": (406, "the answer does not fit this format"),
    "LD408": (408, "the request did not arrive in time"),
    "LD409": (503, "the server is about to stop"),
    "LD410": (422, "the body is no prediction request"),
    "LD411": (422, "the inputs are not those of the model"),
    "LD412": (422, "an input has the wrong type"),
    "LD413": (422, "an input has the wrong shape"),
    "LD414": (422, "an input is out of range"),
    "LD415": (415, "this content type is not understood"),
    "LD416": (413, "the request has too many rows"),
    "LD417": (422, "the model does not take these values"),
    "LD418": (422, "the model's own checks refuse this request"),
    "LD419": (503, "the server has more to do than it may keep waiting"),
    "LD435": (431, "the request's head is too large"),
    "LD436": (400, "the request is no HTTP"),
    "LD438": (503, "the model cannot be loaded now"),
    "LD605": (422, "this is no label"),
}


class Refused(Exception):
    """The caller's fault. ``detail`` is made of the model's words only."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class ValuesRefused(Exception):
    """The model does not take values that fit its signature."""


def status_of(code: str) -> int:
    return PROBLEMS[code][0]


def place_of(error: BaseException) -> str:
    """``ValueError in transform.py:12``: enough to find it, nothing of the request."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return type(error).__name__ + place


def problem(code: str, detail: str) -> bytes:
    """RFC 9457: ``code`` is what programs may rely on, ``detail`` is for people."""
    status, title = PROBLEMS[code]
    body = {
        "type": f"urn:ladle:error:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "error": f"{title}: {detail}",  # where clients of the Open Inference Protocol look
    }
    return json.dumps(body).encode()
