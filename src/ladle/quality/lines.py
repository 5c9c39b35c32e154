"""The lines that a serving process prints and the collector reads; one format, both sides.

A request line is at most 300 bytes and says what became of one request; row lines, at most 8 KB
each, carry what was predicted so that a late label can be judged, and stand for themselves: the
delivery of logs may part them from their request line; captured lines hold what a model was asked
and answered, where its config lets that be known. Each line ends with a keyed MAC (12 hex digits of
BLAKE2b over the line without it), so that a user's ``print`` cannot forge one. Standard library
only, since the serving process loads it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from ladle.quality.counts import window_start
from ladle.quality.labels import LabelValue, Noted, PredictionRows

REQUEST_MARK = '{"ladle":1,'
ROWS_MARK = '{"ladle":2,'
WATCH_MARK = '{"ladle":3,'
CAPTURED_MARK = '{"ladle":4,'
MAX_REQUEST_BYTES = 300
MAX_ROWS_BYTES = MAX_WATCH_BYTES = 8000
MAX_CAPTURED_BYTES = 15_000  # containers' logs cut a line of 16 KB in two
_HEAD_BYTES = 300  # all of a line but its rows or counts
_MAC_HEX = 12
_MAC_TAIL = len(',"k":""}') + _MAC_HEX
_to_json = json.JSONEncoder(allow_nan=False).encode  # made once: it costs more than it encodes


class RequestOutcome(StrEnum):
    """``rejected`` is the caller's fault and no failure of the release."""

    OK = "ok"
    FAILED = "failed"
    REJECTED = "rejected"


class RequestLine(NamedTuple):
    """``at`` UTC epoch seconds, ``latency_ms`` inside the handler, ``window_s`` the counters' grain.

    A tuple: one is made for each request, and a frozen dataclass costs a microsecond more.
    """

    model: str
    release: int
    request_id: str
    at: float
    outcome: RequestOutcome
    status: int
    latency_ms: float
    rows: int
    cold: bool
    window_s: float


class WatchLine(NamedTuple):
    """Rows of a process counted in bins: ``tallies`` are added to the window at ``start``. ``once``
    names what each process of a release prints and what counts once.
    """

    model: str
    release: int
    start: float
    once: str
    tallies: Mapping[str, int]


class CapturedRows(NamedTuple):
    """Rows of one answered request, from ``first_row`` on: each has what the model was asked (``in``)
    and what it answered (``out``), by field. None for a row that is too large for a line.
    """

    model: str
    release: int
    request_id: str
    at: float
    total_rows: int
    first_row: int
    rows: tuple[Mapping[str, Any] | None, ...]


Line = RequestLine | PredictionRows | WatchLine | CapturedRows


def mac(body: bytes, key: bytes) -> str:
    hasher = _keyed(key).copy()
    hasher.update(body)
    return hasher.hexdigest()


@lru_cache(8)
def _keyed(key: bytes) -> hashlib.blake2b:
    """Taking in the key costs as much as taking in a line."""
    return hashlib.blake2b(key=key, digest_size=_MAC_HEX // 2)


def format_request(line: RequestLine, key: bytes) -> str:
    return _sealed(
        _start(REQUEST_MARK, line.model, line.release, key),
        f'{line.request_id}","t":{line.at:.3f},"o":"{line.outcome}","s":{line.status},'
        f'"ms":{line.latency_ms:.3f},"n":{line.rows},{_end(line.cold, line.window_s)}',
    )


def format_rows(
    line: RequestLine, outcomes: Sequence[LabelValue | Noted], key: bytes
) -> Iterator[str]:
    """As many lines as the outcomes need; each outcome's JSON must be shorter than 7,000 bytes."""
    if len(outcomes) == 1:  # the usual case
        yield _rows_line(line, 0, (_text(outcomes[0]),), key)
        return
    for first_row, texts in _packed(map(_text, outcomes), MAX_ROWS_BYTES):
        yield _rows_line(line, first_row, texts, key)


def _packed(texts: Iterable[str], line_bytes: int) -> Iterator[tuple[int, Sequence[str]]]:
    """As many in a line as fit, with the number of the first. A text has ASCII characters only."""
    first, length = 0, 0
    part: list[str] = []
    for text in texts:
        if part and length + len(text) + 1 > line_bytes - _HEAD_BYTES:
            yield first, part
            first, part, length = first + len(part), [], 0
        part.append(text)
        length += len(text) + 1
    if part:
        yield first, part


def _text(outcome: LabelValue | Noted) -> str:
    if isinstance(outcome, Noted) and not outcome.segments:
        outcome = outcome[:2]  # type: ignore[assignment]
    return str(outcome) if type(outcome) is int else _to_json(outcome)


def _rows_line(line: RequestLine, first_row: int, texts: Sequence[str], key: bytes) -> str:
    start_s = window_start(round(line.at, 3), line.window_s)
    return _sealed(
        _start(ROWS_MARK, line.model, line.release, key),
        f'{line.request_id}","b":{start_s:.3f},"n":{line.rows},"f":{first_row},'
        f'"y":[{",".join(texts)}]',
    )


def format_watch(line: WatchLine, key: bytes) -> Iterator[str]:
    """As many lines as the tallies need."""
    tallies = (f"{_to_json(name)}:{n}" for name, n in line.tallies.items())
    for number, (_, texts) in enumerate(_packed(tallies, MAX_WATCH_BYTES)):
        yield _watch_line(line, number, texts, key)


def _watch_line(line: WatchLine, number: int, texts: Sequence[str], key: bytes) -> str:
    once = f"{line.once}/{number}" if line.once else ""
    body = (
        f'{WATCH_MARK}"m":"{line.model}","r":{line.release},"b":{line.start:.3f},'
        f'"once":{_to_json(once)},"d":{{{",".join(texts)}}}'
    )
    return f'{body},"k":"{mac(body.encode(), key)}"}}'


def format_captured(
    model: str, release: int, request_id: str, at: float, texts: Sequence[str], key: bytes
) -> Iterator[str]:
    """``texts`` are all rows of a request in JSON, of ASCII characters; one that no line can hold
    leaves a null.
    """
    fitting = (t if len(t) < MAX_CAPTURED_BYTES - _HEAD_BYTES else "null" for t in texts)
    start, rows = _start(CAPTURED_MARK, model, release, key), len(texts)
    for first_row, part in _packed(fitting, MAX_CAPTURED_BYTES):
        placed = f'{request_id}","t":{at:.3f},"n":{rows},"f":{first_row}'
        yield _sealed(start, f'{placed},"y":[{",".join(part)}]')


class _Start(NamedTuple):
    """What all lines of a release begin with, and a hasher that has taken it in."""

    text: str
    hasher: hashlib.blake2b


@lru_cache(16)
def _start(mark: str, model: str, release: int, key: bytes) -> _Start:
    text = f'{mark}"m":"{model}","r":{release},"id":"'
    hasher = _keyed(key).copy()
    hasher.update(text.encode())
    return _Start(text, hasher)


@lru_cache(16)
def _end(cold: bool, window_s: float) -> str:
    return f'"c":{int(cold)},"w":{window_s:g}'


def _sealed(start: _Start, rest: str) -> str:
    hasher = start.hasher.copy()
    hasher.update(rest.encode())
    return f'{start.text}{rest},"k":"{hasher.hexdigest()}"}}'


def looks_like(text: str) -> bool:
    """Whether a line claims to be ours; only its MAC says that it is."""
    return text.lstrip().startswith((REQUEST_MARK, ROWS_MARK, WATCH_MARK, CAPTURED_MARK))


def parse(text: str, key: bytes) -> Line | None:
    """None for a line that is not ours, or whose MAC is not; never raises."""
    text = text.strip()
    if not looks_like(text):
        return None
    body, tail = text[:-_MAC_TAIL], text[-_MAC_TAIL:]
    expected = f',"k":"{mac(body.encode("utf-8", "surrogatepass"), key)}"}}'
    if not hmac.compare_digest(tail.encode("utf-8", "replace"), expected.encode()):
        return None
    return _read(text)


def claimed(text: str) -> Line | None:
    """What a line says, unproved: for people, who have no key. None for one that is not of our form."""
    try:
        return _read(text.strip()) if looks_like(text) else None
    except (ValueError, KeyError, TypeError):
        return None


def _read(text: str) -> Line:
    data = json.loads(text)
    if text.startswith(WATCH_MARK):
        return WatchLine(data["m"], data["r"], data["b"], data["once"], data["d"])
    if text.startswith(CAPTURED_MARK):
        told = (data["m"], int(data["r"]), data["id"], data["t"], data["n"], int(data["f"]))
        return CapturedRows(*told, tuple(row and dict(row) for row in data["y"]))
    if text.startswith(ROWS_MARK):
        return PredictionRows(
            model=data["m"],
            request_id=data["id"],
            release=data["r"],
            window_start=data["b"],
            total_rows=data["n"],
            first_row=data["f"],
            outcomes=tuple(data["y"]),
        )
    return RequestLine(
        model=data["m"],
        release=data["r"],
        request_id=data["id"],
        at=data["t"],
        outcome=RequestOutcome(data["o"]),
        status=data["s"],
        latency_ms=data["ms"],
        rows=data["n"],
        cold=bool(data["c"]),
        window_s=data["w"],
    )
