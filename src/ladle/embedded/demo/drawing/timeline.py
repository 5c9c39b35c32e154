"""The timeline: marks on top, four panels on one time axis below them."""

from __future__ import annotations

from collections.abc import Callable

from ladle.embedded.demo.drawing.frame import Frame, frame, time_axis
from ladle.embedded.demo.drawing.marks import LANE_HEIGHT as LANE
from ladle.embedded.demo.drawing.marks import draw_marks, lanes, marks
from ladle.embedded.demo.drawing.markup import Markup, join, tag
from ladle.embedded.demo.drawing.panels import (
    ROOM_ABOVE,
    accuracy_panel,
    evidence_panel,
    requests_panel,
    share_panel,
)
from ladle.embedded.demo.page_facts import PageFacts

_GAP = 18.0
_PANELS: tuple[tuple[Callable[[PageFacts, Frame, float, float], Markup], float], ...] = (
    (accuracy_panel, 190.0),
    (share_panel, 84.0),
    (evidence_panel, 104.0),
    (requests_panel, 70.0),
)


def timeline(facts: PageFacts, width: float) -> Markup:
    """One SVG of ``width`` pixels; below :data:`frame.NARROW` marks are numbers and names are left out."""
    first = facts.records[0].at if facts.records else facts.began
    paper = frame(width, facts.began, first, facts.ended)
    found = marks(facts.records)
    top = LANE * (max(lanes(found, paper), default=-1) + 1) + 14
    panels = []
    for panel, height in _PANELS:
        panels.append(panel(facts, paper, top, height))
        top += ROOM_ABOVE + height + _GAP
    bottom = top - _GAP
    drawn = draw_marks(found, paper, bottom)
    height = bottom + 40
    return tag(
        "svg",
        tag("title", f"{facts.model}: accuracy, traffic, evidence, requests over time"),
        drawn,
        join(panels),
        time_axis(paper, bottom),
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=width,
        height=height,
        role="img",
        cls="narrow" if paper.narrow else "wide",
    )
