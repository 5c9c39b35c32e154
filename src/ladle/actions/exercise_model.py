"""A served package is asked its golden requests, then many that nobody should send."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from ladle.actions.hostile_requests import HostileRequest, fault_of, hostile_requests
from ladle.planning.golden import GoldenRequest, differences

Ask = Callable[[str, str, Mapping[str, str], bytes], tuple[int, bytes]]

_JSON: Final = {"content-type": "application/json"}
_SHOWN: Final = 5  # differences of one request, faults of a fuzz
NO_ANSWER: Final = "does not answer"


@dataclass(frozen=True, slots=True)
class GoldenResult:
    name: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """``number`` with the seed makes the request again."""

    number: int
    text: str
    request: HostileRequest


@dataclass(slots=True)
class Fuzzed:
    """``counts`` by status; ``faults`` shows the first, ``faulty`` counts all."""

    seed: int
    counts: Counter[int] = field(default_factory=Counter)
    faulty: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.counts.total()


def ask_golden(ask: Ask, cases: Sequence[GoldenRequest]) -> Sequence[GoldenResult]:
    """Raises OSError when nobody answers."""
    return [GoldenResult(case.name, _differences(ask, case)) for case in cases]


def _differences(ask: Ask, case: GoldenRequest) -> tuple[str, ...]:
    status, body = ask("POST", case.path, _JSON, json.dumps(case.request).encode())
    answer = json.loads(body)
    if status != case.status:
        why = f": {answer['code']} {answer['detail']}" if status >= 400 else ""
        return (f"the status is {status}, not {case.status}{why}",)
    return tuple(islice(differences(case.answer, answer, case.tolerance), _SHOWN))


def fuzz(ask: Ask, count: int, seed: int) -> Fuzzed:
    """From the server's own OpenAPI document. Ends early when nobody answers any more."""
    openapi: Mapping[str, Any] = json.loads(ask("GET", "/openapi.json", {}, b"")[1])
    fuzzed = Fuzzed(seed)
    for number, request in enumerate(islice(hostile_requests(openapi, seed), count)):
        try:
            status, body = ask(request.method, request.path, request.headers, request.body)
        except OSError:
            status, body = 0, b""
        fuzzed.counts[status] += 1
        text = fault_of(status, body) if status else NO_ANSWER
        if text is not None:
            fuzzed.faulty += 1
            fuzzed.faults += [Fault(number, text, request)] if fuzzed.faulty <= _SHOWN else []
        if not status:
            break
    return fuzzed
