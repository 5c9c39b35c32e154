"""A served model is asked the same again and again, one request after the other, to see how long it takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle, islice
from typing import Any, Final

from ladle.actions.exercise_model import Ask
from ladle.errors import LadleError
from ladle.planning.golden import PATH, GoldenRequest

REQUESTS: Final = 300
_WARM: Final = 30  # a first answer grows buffers, and is no warm one
_JSON: Final = {"content-type": "application/json"}


def measure(ask: Ask, cases: Sequence[GoldenRequest], now: Callable[[], float]) -> Sequence[float]:
    """Seconds of each answer, the quickest first: to golden requests, else to the example that the
    server's own description gives. Raises LD442 where that is not answered.
    """
    bodies = [
        json.dumps(case.request).encode()
        for case in cases
        if case.path == PATH and case.status == 200
    ] or [_example(ask)]
    seconds = []
    for body in islice(cycle(bodies), _WARM + REQUESTS):
        began = now()
        status, answer = ask("POST", PATH, _JSON, body)
        seconds.append(now() - began)
        if status != 200:
            raise LadleError(
                "LD442",
                f"there is nothing to measure: {PATH} answers {status} {answer[:200].decode()}",
                'put a request that it answers into golden/NAME.json: {"request": …, "answer": …}',
            )
    return sorted(seconds[_WARM:])


def quantile(ordered: Sequence[float], share: float) -> float:
    """At least ``share`` of them are no larger."""
    return ordered[min(len(ordered) - 1, round(share * len(ordered)))]


def _example(ask: Ask) -> bytes:
    openapi: Mapping[str, Any] = json.loads(ask("GET", "/openapi.json", {}, b"")[1])
    content = openapi["paths"][PATH]["post"]["requestBody"]["content"]
    return json.dumps(content["application/json"]["example"]).encode()
