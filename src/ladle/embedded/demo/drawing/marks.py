"""Rows of history as marks on the time axis; a mark's words never cover another's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ladle.embedded.demo.drawing.frame import Frame
from ladle.embedded.demo.drawing.markup import Markup, join, tag
from ladle.releases.effects import Record, RecordKind
from ladle.releases.intent import IntentKind
from ladle.why.trials import shares
from ladle.why.words import percent

LANE_HEIGHT = 17.0
_LETTER_WIDTH = 7.0


@dataclass(frozen=True, slots=True)
class Mark:
    """``tone`` is good, bad or plain: the colour of the line; the words say it as well."""

    number: int
    at: float
    text: str
    tone: str
    record: str


# Kind of row -> words and tone; {n} is the release. Other kinds move nothing that a chart shows.
_WORDS: dict[RecordKind, tuple[str, str]] = {
    RecordKind.ROLLED_BACK: ("release {n} rolled back", "bad"),
    RecordKind.REFUSED: ("release {n} refused", "bad"),
    RecordKind.PROMOTED: ("release {n} promoted", "good"),
    RecordKind.GOOD: ("release {n} proven", "good"),
    RecordKind.SUPERSEDED: ("release {n} superseded", "plain"),
    RecordKind.PAUSED: ("paused", "plain"),
    RecordKind.RESUMED: ("resumed", "plain"),
    RecordKind.INCIDENT: ("incident", "bad"),
    RecordKind.HELD: ("a rollback would be refused", "bad"),
    RecordKind.FROZEN: ("frozen", "bad"),
    RecordKind.DEGRADED: ("degraded", "bad"),
    RecordKind.LIFTED: ("quarantine lifted", "plain"),
}
_STARTS: dict[str, str] = {
    IntentKind.BASELINE: "release {n} deployed",
    IntentKind.START_CANARY: "release {n} on trial, {share}",
}


def marks(records: Iterable[Record]) -> tuple[Mark, ...]:
    found: list[Mark] = []
    for row in records:
        told = _told(row)
        if told is not None:
            found.append(Mark(len(found) + 1, row.at, told[0], told[1], row.id))
    return tuple(found)


def _told(row: Record) -> tuple[str, str] | None:
    if row.kind in _WORDS:
        text, tone = _WORDS[row.kind]
        return text.format(n=row.release), tone
    words = _STARTS.get(str(row.data.get("kind"))) if row.kind is RecordKind.INTENT else None
    if words is None:
        return None
    weights = shares(row) or {}
    number, share = min(weights.items(), key=lambda pair: pair[1])
    return words.format(n=number, share=percent(share)), "plain"


def extent(mark: Mark, frame: Frame) -> tuple[float, float]:
    """From where to where a mark reaches: its words stand at its right, or where that is too late
    at its left; where it is narrow there is only its number.
    """
    x = frame.x(mark.at)
    if frame.narrow:
        return x - 10, x + 10
    words = 16 + _LETTER_WIDTH * len(mark.text)
    return (x - words, x + 4) if x + words > frame.width else (x - 4, x + words)


def lanes(found: Sequence[Mark], frame: Frame) -> list[int]:
    """For each mark the lane in which its words meet no other's."""
    ends: list[float] = []
    taken = []
    for mark in found:
        begin, end = extent(mark, frame)
        lane = next((i for i, taken in enumerate(ends) if taken + 6 <= begin), len(ends))
        ends[lane : lane + 1] = [end]
        taken.append(lane)
    return taken


def draw_marks(found: Sequence[Mark], frame: Frame, bottom: float) -> Markup:
    """Words (numbers where it is narrow) in lanes, and hairlines down to ``bottom``."""
    placed = lanes(found, frame)
    drawn = [
        _draw(mark, frame, LANE_HEIGHT * lane, bottom)
        for mark, lane in zip(found, placed, strict=True)
    ]
    return join(drawn)


def _draw(mark: Mark, frame: Frame, top: float, bottom: float) -> Markup:
    x = frame.x(mark.at)
    line = tag("line", x1=x, x2=x, y1=top + 10, y2=bottom, cls=f"mark {mark.tone}")
    if frame.narrow:
        label = join(
            tag("circle", cx=x, cy=top + 8, r=7.5, cls=f"bead {mark.tone}"),
            tag("text", str(mark.number), x=x, y=top + 11.5, cls="bead-number middle"),
        )
    else:
        late = extent(mark, frame)[0] < x - 4
        label = join(
            tag("circle", cx=x, cy=top + 9, r=3.5, cls=f"bead {mark.tone}"),
            tag(
                "text",
                mark.text,
                x=x - 8 if late else x + 8,
                y=top + 13,
                cls=f"mark-text {mark.tone}" + (" end" if late else ""),
            ),
        )
    return tag("g", tag("title", f"{mark.text} ({mark.record})"), line, label)
