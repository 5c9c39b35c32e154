"""A file of labels goes in calls of a thousand; what went before a fault is known when it goes again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ladle.errors import Finding, Unavailable
from ladle.ports import Clock
from ladle.quality.new_label import NewLabel

CALL_LABELS = 1_000
_TRIES = 6
_EXAMPLES = 5  # of what was refused


@dataclass(frozen=True, slots=True)
class CallTaken:
    """What became of one call's labels. ``refused`` are (prediction id, code, reason)."""

    accepted: int
    corrected: int
    repeated: int
    waiting: int
    refused: Sequence[tuple[str, str, str]]


Send = Callable[[Sequence[NewLabel]], CallTaken]


@dataclass(slots=True)
class FileTaken:
    """Of all rows so far; ``refused`` by code, the first of them as ``examples``."""

    rows: int = 0
    accepted: int = 0
    corrected: int = 0
    repeated: int = 0
    waiting: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def refuse(self, code: str, what: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"{code} {what}")


def send_file(
    rows: Iterable[NewLabel | Finding],
    send: Send,
    clock: Clock,
    taken: FileTaken,
    sent: Callable[[FileTaken], None] = lambda _: None,
) -> None:
    """Counts in ``taken``, which so tells how far it came when this raises; ``sent`` hears of each
    call. A door that is too busy is asked again, for about a minute.
    """
    call: list[NewLabel] = []
    for row in rows:
        if isinstance(row, Finding):
            taken.rows += 1
            taken.refuse(row.code, row.what)
            continue
        call.append(row)
        if len(call) == CALL_LABELS:
            _send(call, send, clock, taken)
            sent(taken)
            call = []
    if call:
        _send(call, send, clock, taken)
        sent(taken)


def _send(call: Sequence[NewLabel], send: Send, clock: Clock, taken: FileTaken) -> None:
    found = _patiently(call, send, clock)
    taken.rows += len(call)
    taken.accepted += found.accepted
    taken.corrected += found.corrected
    taken.repeated += found.repeated
    taken.waiting += found.waiting
    for id_, code, what in found.refused:
        taken.refuse(code, f"{id_} {what}")


def _patiently(call: Sequence[NewLabel], send: Send, clock: Clock) -> CallTaken:
    for attempt in range(_TRIES):
        try:
            return send(call)
        except Unavailable:
            if attempt == _TRIES - 1:
                raise
            clock.sleep(2.0**attempt)
    raise AssertionError("the last try has returned or raised")
