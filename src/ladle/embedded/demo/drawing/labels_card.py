"""What the labels alone say, all releases together: the change that stands out, and its likeliest cause."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ladle.embedded.demo.drawing.frame import Plot, frame, grid, heading, path, plot, time_axis
from ladle.embedded.demo.drawing.markup import Markup, join, tag
from ladle.embedded.demo.drawing.panels import ROOM_ABOVE, colour
from ladle.embedded.demo.drawing.pooling import Pool, pool_size, pools, runs
from ladle.embedded.demo.drawing.scales import ticks
from ladle.embedded.demo.drawing.sections import card
from ladle.embedded.demo.page_facts import PageFacts
from ladle.quality.counts import Counts, Window, total
from ladle.why.change import Change, QualityReport
from ladle.why.change_story import beliefs, points, what_changed
from ladle.why.words import moment

_HEIGHT = 150.0
_NOTE = (
    "Neither the alias nor the guards are looked at here: only labels, at the time of the prediction "
    "that they judge, and which release answered. Steps and ramps are searched at every time at once."
)


def labels_card(facts: PageFacts, report: QualityReport, widths: Sequence[float]) -> Markup:
    change = report.change
    found = what_changed(change) if change else _nothing(report)
    return card(
        tag("h2", "What the labels alone say"),
        tag("p", _NOTE, cls="note"),
        tag("p", found[:1].upper() + found[1:] + ".", cls="headline"),
        tag("p", f"{_strength(report, change)} Likeliest causes: {beliefs(change)}.")
        if change
        else None,
        [_drawn(facts, change, width) for width in widths],
        id_="labels",
    )


def _strength(report: QualityReport, change: Change) -> str:
    between = f"between {moment(change.earliest)} and {moment(change.latest)} (95 %)"
    return f"It began {between}; z = {abs(change.z):.1f}, limit {report.limit:.1f}."


def _nothing(report: QualityReport) -> str:
    text = "no change of accuracy stands out in all traffic"
    if report.smallest is None:
        return text
    return f"{text}; a lasting one of {points(report.smallest)} would be found nine times in ten"


def _drawn(facts: PageFacts, change: Change | None, width: float) -> Markup:
    windows = _together(facts)
    gap = 0.05 * (facts.ended - facts.began)
    size = pool_size(total(windows)) / 2
    lines = [pools(run, facts.window_s, size) for run in runs(windows, gap)]
    paper = frame(width, facts.began, facts.began, facts.ended)
    lowest = min((p.low for line in lines for p in line), default=0.5)
    low = math.floor(max(0.0, lowest) * 10) / 10
    area = plot(paper, ROOM_ABOVE, _HEIGHT, low, 1.0)
    values = ticks(low, 1.0, 5)
    return tag(
        "svg",
        tag("title", f"{facts.model}: accuracy of all releases together"),
        heading(12, "Accuracy, all releases", "% of labelled requests"),
        grid(area, values, [f"{100 * v:.0f} %" for v in values]),
        tag("g", [_line(area, line) for line in lines], cls=colour(0)),
        _marked(area, change) if change else None,
        time_axis(paper, area.bottom),
        viewBox=f"0 0 {width:.0f} {area.bottom + 40:.0f}",
        width=width,
        height=area.bottom + 40,
        role="img",
        cls="narrow" if paper.narrow else "wide",
    )


def _together(facts: PageFacts) -> list[Window]:
    """One window of all releases for each start."""
    sums: dict[float, Counts] = {}
    for release in facts.releases:
        for window in release.windows:
            sums[window.start] = sums.get(window.start, Counts()) + window.counts
    return [Window(start, sums[start]) for start in sorted(sums)]


def _line(area: Plot, found: Sequence[Pool]) -> Markup:
    points = [(area.frame.x((p.start + p.end) / 2), area.y(p.accuracy)) for p in found]
    return join(
        tag("path", d=path(points), cls="line"),
        [tag("circle", cx=x, cy=y, r=2.6, cls="dot") for x, y in points],
    )


def _marked(area: Plot, change: Change) -> Markup:
    """The likeliest beginning as a line, where else it may have begun as a band."""
    x = area.frame.x
    first, last, begun = x(change.earliest), x(change.latest), x(change.began)
    band = tag(
        "rect",
        tag("title", f"it began here with 95 %; likeliest causes: {beliefs(change)}"),
        x=first,
        y=area.top,
        width=max(last - first, 1.0),
        height=area.bottom - area.top,
        cls="band",
    )
    where = "lower" if change.worse else "higher"
    return join(
        tag("g", band, cls=colour(1)),
        tag("line", x1=begun, x2=begun, y1=area.top, y2=area.bottom, cls="limit"),
        tag(
            "text",
            f"{points(abs(change.effect))} {where}",
            x=begun + 6,
            y=area.bottom - 8,
            cls="limit-text",
        ),
    )
