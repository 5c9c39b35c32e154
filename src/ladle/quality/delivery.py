"""One delivery of a log stream is read once, in order: each request counts once, failed or not.

A Lambda stream holds one request at a time, from ``START`` to ``REPORT``: so a platform failure and
a line of ours between the two are about the same request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ladle.quality import lines, platform_lines
from ladle.quality.counts import Counts, WindowKey, latency_bin, window_start
from ladle.quality.drift import reference_key
from ladle.quality.labels import PredictionRows
from ladle.quality.lines import RequestLine, RequestOutcome, WatchLine
from ladle.quality.platform_lines import PlatformLine


@dataclass(frozen=True, slots=True)
class LogEvent:
    """``id`` is the log's own, the same when a delivery is repeated; ``at`` UTC epoch seconds."""

    id: str
    at: float
    message: str


@dataclass(frozen=True, slots=True)
class Source:
    """Whose log it is: the model by the log group's name, the release by the stream's. A release
    that was deployed before the master key was rotated prints under an older one of ``keys``.
    """

    model: str
    release: int | None
    keys: Sequence[bytes]
    window_s: float


@dataclass(slots=True)
class Reading:
    """``failures`` are the platform's, by an id that a repeated delivery has as well; ``once`` is
    what counts once however many processes say it, by its name.
    """

    counts: dict[WindowKey, Counts] = field(default_factory=dict)
    failures: dict[str, dict[WindowKey, Counts]] = field(default_factory=dict)
    once: dict[str, dict[WindowKey, Counts]] = field(default_factory=dict)
    rows: list[PredictionRows] = field(default_factory=list)
    forged: int = 0


def read(events: Iterable[LogEvent], source: Source) -> Reading:
    """Lines that are neither ours nor the platform's are a user's prints, and are passed over."""
    reader = _Reader(source)
    for event in events:
        reader.take(event)
    return reader.finished()


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._reading = Reading()
        self._running: str | None = None  # Lambda's id of the request between START and REPORT
        self._own: RequestOutcome | None = None  # what our line said of it
        self._unnamed: LogEvent | None = None  # a failure outside any request: of an init

    def take(self, event: LogEvent) -> None:
        if platform := platform_lines.parse(event.message):
            self._take_platform(platform, event)
            return
        parsed = (lines.parse(event.message, key) for key in self._source.keys)
        line = next((line for line in parsed if line is not None), None)
        if line is None:
            self._reading.forged += lines.looks_like(event.message)
        elif line.model != self._source.model or self._source.release not in (None, line.release):
            self._reading.forged += 1
        elif isinstance(line, PredictionRows):
            self._reading.rows.append(line)
        elif isinstance(line, WatchLine):
            self._take_watch(line)
        elif isinstance(line, RequestLine):  # captured rows stay in the log
            self._own = line.outcome
            _add(self._reading.counts, _key(line), _counts(line))

    def finished(self) -> Reading:
        if self._unnamed is not None:
            self._fail(self._unnamed.id, self._unnamed.at)
        return self._reading

    def _take_watch(self, line: WatchLine) -> None:
        counts = Counts(tallies=line.tallies)
        if line.once:
            key = reference_key(line.model, line.release)
            self._reading.once[f"{line.model}/{line.release}/{line.once}"] = {key: counts}
        else:
            _add(self._reading.counts, WindowKey(line.model, line.release, line.start), counts)

    def _take_platform(self, line: PlatformLine, event: LogEvent) -> None:
        if line.starts:
            self._running, self._own = line.request_id, None
            self._unnamed = None  # whether the failed init was made good, its REPORT will say
        request_id = line.request_id or self._running
        if line.failed and request_id is None:
            self._unnamed = self._unnamed or event
        elif line.failed and request_id is not None:
            self._fail(request_id, event.at)
        if line.ends:
            self._running, self._own = None, None

    def _fail(self, request_id: str, at: float) -> None:
        """A request that our own line has counted becomes a failure; it is not a second request."""
        release = self._source.release
        if release is None or request_id in self._reading.failures:
            return
        key = WindowKey(self._source.model, release, window_start(at, self._source.window_s))
        own = self._own if request_id == self._running else None
        counts = Counts(requests=int(own is None), failed=int(own is not RequestOutcome.FAILED))
        self._reading.failures[request_id] = {key: counts}


def _key(line: RequestLine) -> WindowKey:
    return WindowKey(line.model, line.release, window_start(line.at, line.window_s))


def _counts(line: RequestLine) -> Counts:
    warm = line.outcome is RequestOutcome.OK and not line.cold
    return Counts(
        requests=1,
        failed=int(line.outcome is RequestOutcome.FAILED),
        rejected=int(line.outcome is RequestOutcome.REJECTED),
        latency={latency_bin(line.latency_ms): 1} if warm else {},
    )


def _add(to: dict[WindowKey, Counts], key: WindowKey, counts: Counts) -> None:
    to[key] = to.get(key, Counts()) + counts
