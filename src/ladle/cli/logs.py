"""``ladle logs MODEL``: requests and printed lines of a model, as its log group holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.cli.captured_rows import json_lines, rows_of
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson, ModelName
from ladle.disk.clock import SystemClock
from ladle.errors import UsageError
from ladle.ports import Clock, LoggedLine, LogReader
from ladle.quality import platform_lines
from ladle.quality.labels import PredictionRows
from ladle.quality.lines import CapturedRows, RequestLine, RequestOutcome, WatchLine, claimed
from ladle.quality.sealed_id import request_begins
from ladle.why.words import plural
from ladle.wiring import open_log_reader

FOLLOW_EVERY_S = 2.0
LATE_S = 60.0  # how much later than a younger line one may be delivered
Told = Callable[[LoggedLine], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which lines a person wants to see."""

    request: str | None = None
    release: int | None = None
    failed: bool = False
    captured: bool = False

    def takes(self, line: LoggedLine) -> bool:
        if self.release is not None and _release(line) != self.release:
            return False
        if self.request is not None and self.request not in line.text:
            return False
        if self.captured:
            return isinstance(claimed(line.text), CapturedRows)
        return not self.failed or _failed(line)


def logs(
    model: ModelName,
    since: Annotated[str, typer.Option(metavar="AGO", help="How far back: 10m, 24h, 7d.")] = "1h",
    request: Annotated[
        str | None, typer.Option(help="Only lines of this request or prediction id.")
    ] = None,
    release: Annotated[int | None, typer.Option(help="Only lines of this release.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    captured: Annotated[
        bool, typer.Option("--captured", help="Only captured rows, as JSON: one line for each.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 200,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with new lines, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a model logged, oldest first. Only the collector checks who wrote a line."""
    if follow and as_json:
        raise UsageError("LD816", "--follow never ends, and --json is one object", "leave one out")
    if failed and captured:
        raise UsageError("LD816", "what failed is never captured", "leave one out")
    clock = SystemClock()
    began = clock.now() - _seconds(since)
    reader = open_log_reader(Path.cwd())
    wish = Wish(request and _in_line(request), release, failed, captured)
    told = json_lines if captured else _one_line
    found = [line for line in reader.lines(model, began) if wish.takes(line)]
    shown = found[-limit:]
    if as_json:
        answer_json({"model": model, **_all_as_json(shown, captured)})
        return
    if len(found) > limit:
        say(f"{len(found) - limit} older lines are not shown: --limit {len(found)}")
    if not found and not follow:
        say(f"{model} logged nothing of this in the last {since}")
    _tell(shown, told)
    if captured and (left_out := sum("left_out" in row for line in shown for row in rows_of(line))):
        say(f"{plural(left_out, 'row')} left out: too large for a line of the log")
    if follow:
        _follow(reader, model, wish, clock, {line.id for line in found}, told)


def _tell(lines: Iterable[LoggedLine], told: Told) -> None:
    for line in lines:
        for text in told(line):
            answer(text)


def _follow(
    reader: LogReader, model: str, wish: Wish, clock: Clock, seen: set[str], told: Told
) -> None:
    """Each look goes a minute back, since a log's lines do not arrive in their order."""
    while True:
        clock.sleep(FOLLOW_EVERY_S)
        recent = list(reader.lines(model, clock.now() - LATE_S))
        _tell((line for line in recent if line.id not in seen and wish.takes(line)), told)
        seen |= {line.id for line in recent}


def _in_line(id_: str) -> str:
    """What a line of the log holds of a prediction id: its request's id, or how that begins."""
    return request_begins(id_) or id_.partition(".")[0]


def _one_line(line: LoggedLine) -> Iterable[str]:
    return (text_of(line),)


def text_of(line: LoggedLine) -> str:
    """Time, release, and what the line says; what is not of Ladle's form stands as it was printed."""
    moment = datetime.fromtimestamp(line.at, UTC).strftime("%m-%d %H:%M:%S.%f")[:-3]
    release = _release(line)
    arm = "" if release is None else f"release {release}"
    return f"{moment}  {arm:<10}  {_said(line)}"


def _said(line: LoggedLine) -> str:
    match claimed(line.text):
        case RequestLine() as request:
            cold = ", cold start" if request.cold else ""
            return (
                f"{request.outcome:<8}  {request.status}  {request.latency_ms:8.1f} ms  "
                f"{plural(request.rows, 'row')}{cold}  {request.request_id}"
            )
        case PredictionRows() as rows:
            last = rows.first_row + len(rows.outcomes) - 1
            return f"predicted  rows {rows.first_row} to {last}  {rows.request_id}"
        case CapturedRows() as captured:
            last = captured.first_row + len(captured.rows) - 1
            return f"captured   rows {captured.first_row} to {last}  {captured.request_id}"
        case WatchLine() as watched:
            return f"watched   {plural(len(watched.tallies), 'count')} of what it was asked and answered"
    return line.text


def _release(line: LoggedLine) -> int | None:
    said = claimed(line.text)
    return platform_lines.release_of(line.stream) if said is None else said.release


def _failed(line: LoggedLine) -> bool:
    said = claimed(line.text)
    if isinstance(said, RequestLine):
        return said.outcome is RequestOutcome.FAILED
    of_platform = platform_lines.parse(line.text)
    return of_platform is not None and of_platform.failed


def _all_as_json(lines: Iterable[LoggedLine], captured: bool) -> dict[str, Any]:
    if captured:
        return {"rows": [row for line in lines for row in rows_of(line)]}
    return {"lines": [_as_json(line) for line in lines]}


def _as_json(line: LoggedLine) -> dict[str, Any]:
    said = claimed(line.text)
    row: dict[str, Any] = {"at": line.at, "release": _release(line), "text": line.text}
    if isinstance(said, RequestLine):
        row |= {
            "request_id": said.request_id,
            "outcome": str(said.outcome),
            "status": said.status,
            "latency_ms": said.latency_ms,
            "rows": said.rows,
            "cold": said.cold,
        }
    return row


def _seconds(text: str) -> float:
    from pydantic_core import PydanticCustomError

    from ladle.config.amounts import seconds

    try:
        return seconds(text)
    except PydanticCustomError as error:
        raise UsageError(
            "LD816", f"--since {text} is not a duration", "write 10m, 24h or 7d"
        ) from error
