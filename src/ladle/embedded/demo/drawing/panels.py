"""The four panels of the timeline: accuracy, share of traffic, evidence, requests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ladle.embedded.demo.drawing.frame import Frame, Plot, grid, heading, path, plot
from ladle.embedded.demo.drawing.markup import Markup, join, tag
from ladle.embedded.demo.drawing.pooling import LEAST, Pool, pool_size, pools, runs
from ladle.embedded.demo.drawing.scales import ticks
from ladle.embedded.demo.page_facts import PageFacts, numbered
from ladle.releases.effects import RecordKind
from ladle.why.trials import shares
from ladle.why.words import percent

COLOURS = 6
ROOM_ABOVE = 26.0


def colour(place: int) -> str:
    """The class that gives a release its colour."""
    return f"r{place % COLOURS}"


def accuracy_panel(facts: PageFacts, frame: Frame, top: float, height: float) -> Markup:
    """A line for each release through its pools, broken where it had no labels; doubt as a band."""
    gap = 0.05 * (frame.x.high - frame.x.low)
    drawn = {
        r.number: [pools(run, facts.window_s, pool_size(r.total)) for run in runs(r.windows, gap)]
        for r in facts.releases
    }
    lowest = min((p.low for lines in drawn.values() for line in lines for p in line), default=0.5)
    low = math.floor(max(0.0, lowest) * 10) / 10
    area = plot(frame, top + ROOM_ABOVE, height, low, 1.0)
    values = ticks(low, 1.0, 5)
    unit = f"% of labelled requests; a point pools {LEAST:.0f} or more, the band holds 95 %"
    return join(
        heading(top + 12, "Accuracy", "%, band 95 %" if frame.narrow else unit),
        grid(area, values, [f"{100 * v:.0f} %" for v in values]),
        [
            _accuracy_line(area, line, colour(numbered(facts.releases)[number]), number)
            for number, lines in drawn.items()
            for line in lines
        ],
        None if frame.narrow else _end_names(area, drawn, facts),
    )


def _accuracy_line(area: Plot, found: Sequence[Pool], cls: str, number: int) -> Markup:
    x, y = area.frame.x, area.y
    upper = [(x(t), y(p.high)) for p in found for t in (p.start, p.end)]
    lower = [(x(t), y(p.low)) for p in found for t in (p.start, p.end)]
    middles = [(x((p.start + p.end) / 2), y(p.accuracy)) for p in found]
    ends = [(x(found[0].start), middles[0][1]), *middles, (x(found[-1].end), middles[-1][1])]
    return tag(
        "g",
        tag("path", d=path([*upper, *reversed(lower)], closed=True), cls="band"),
        tag("path", d=path(ends), cls="line"),
        [
            tag(
                "circle",
                tag("title", _pool_words(number, pool)),
                cx=px,
                cy=py,
                r=2.6,
                cls="dot",
            )
            for pool, (px, py) in zip(found, middles, strict=True)
        ],
        cls=cls,
        data_release=str(number),
    )


def _pool_words(number: int, pool: Pool) -> str:
    return (
        f"release {number}: {percent(pool.accuracy)} of {pool.labelled:.1f} labelled requests "
        f"(95 %: {percent(pool.low)} to {percent(pool.high)})"
    )


def _end_names(
    area: Plot, drawn: Mapping[int, Sequence[Sequence[Pool]]], facts: PageFacts
) -> Markup:
    """Each line's name at the right edge, moved apart where two would meet."""
    wanted = sorted(
        (area.y(lines[-1][-1].accuracy), number) for number, lines in drawn.items() if lines
    )
    names, last = [], -math.inf
    for y, number in wanted:
        last = max(y, last + 15)
        cls = f"name {colour(numbered(facts.releases)[number])}"
        names.append(tag("text", f"release {number}", x=area.frame.right + 8, y=last + 4, cls=cls))
    return join(names)


def share_panel(facts: PageFacts, frame: Frame, top: float, height: float) -> Markup:
    """What the alias said, as stacked steps; an arm of zero is not drawn."""
    area = plot(frame, top + ROOM_ABOVE, height, 0, 1)
    steps = [
        (row.at, weights)
        for row in facts.records
        if row.kind is RecordKind.OUTCOME and (weights := shares(row))
    ]
    ends = [at for at, _ in steps[1:]] + [facts.ended] * bool(steps)
    return join(
        heading(top + 12, "Share of traffic", "% of requests, as the alias says"),
        grid(area, [0, 0.5, 1], ["0 %", "50 %", "100 %"]),
        [
            _share_step(area, at, end, weights, facts)
            for (at, weights), end in zip(steps, ends, strict=True)
        ],
    )


def _share_step(
    area: Plot, at: float, end: float, weights: Mapping[int, float], facts: PageFacts
) -> Markup:
    places, base, drawn = numbered(facts.releases), 0.0, []
    x, width = area.frame.x(at), area.frame.x(end) - area.frame.x(at)
    for number, weight in sorted(weights.items()):
        box = tag(
            "rect",
            tag("title", f"release {number}: {percent(weight)}"),
            x=x,
            y=area.y(base + weight),
            width=max(width, 0.5),
            height=area.y(base) - area.y(base + weight),
            cls=f"fill {colour(places.get(number, 0))}",
            data_release=str(number),
        )
        drawn.append(box)
        if weight >= 0.3 and width > 100:
            middle = area.y(base + weight / 2) + 4
            text = f"release {number}" if weight == 1 else f"release {number}: {percent(weight)}"
            drawn.append(tag("text", text, x=x + width / 2, y=middle, cls="on-fill middle"))
        base += weight
    return join(drawn)


def evidence_panel(facts: PageFacts, frame: Frame, top: float, height: float) -> Markup:
    """log e against its limit: the line that ends a rollout."""
    highest = max([facts.log_e_limit * 1.35, *(p.log_e * 1.08 for p in facts.evidence)])
    area = plot(frame, top + ROOM_ABOVE, height, 0, highest)
    values = ticks(0, highest, 4)
    limit = area.y(facts.log_e_limit)
    words = f"limit {facts.log_e_limit:.2f}"
    unit = "log e in nats: how far the candidate is from “no worse”, as read at that time"
    lines = []
    for release, place in numbered(facts.releases).items():
        points = [(frame.x(p.at), area.y(p.log_e)) for p in facts.evidence if p.release == release]
        if points:
            line = tag("path", d=path(points), cls="line")
            lines.append(tag("g", line, cls=colour(place), data_release=str(release)))
    return join(
        heading(top + 12, "Evidence", "log e, nats" if frame.narrow else unit),
        grid(area, values, [f"{v:g}" for v in values]),
        tag("line", x1=frame.left, x2=frame.right, y1=limit, y2=limit, cls="limit"),
        tag("text", words, x=frame.left + 4, y=limit - 5, cls="limit-text")
        if frame.narrow
        else tag("text", words, x=frame.right + 8, y=limit + 4, cls="limit-text"),
        lines,
    )


def requests_panel(facts: PageFacts, frame: Frame, top: float, height: float) -> Markup:
    """Requests in each stretch of time, stacked by the release that answered."""
    columns = 60 if frame.narrow else 120
    grain = facts.window_s * max(
        1, math.ceil((frame.x.high - frame.x.low) / columns / facts.window_s)
    )
    bars: dict[float, dict[int, int]] = {}
    for release in facts.releases:
        for window in release.windows:
            bar = bars.setdefault(window.start // grain * grain, {})
            bar[release.number] = bar.get(release.number, 0) + window.counts.requests
    highest = max((sum(bar.values()) for bar in bars.values()), default=1)
    area = plot(frame, top + ROOM_ABOVE, height, 0, highest)
    values = [v for v in ticks(0, highest, 3) if v == int(v)]
    return join(
        heading(top + 12, "Requests", f"per {grain:g} s, by the release that answered"),
        grid(area, values, [f"{v:.0f}" for v in values]),
        [_bar(area, at, grain, bar, facts) for at, bar in sorted(bars.items())],
    )


def _bar(area: Plot, at: float, grain: float, bar: Mapping[int, int], facts: PageFacts) -> Markup:
    places, base, drawn = numbered(facts.releases), 0, []
    x, width = area.frame.x(at), area.frame.x(at + grain) - area.frame.x(at)
    for number, n in sorted(bar.items()):
        drawn.append(
            tag(
                "rect",
                tag("title", f"release {number}: {n} requests"),
                x=x,
                y=area.y(base + n),
                width=max(width - 0.7, 0.7),
                height=area.y(base) - area.y(base + n),
                cls=f"fill {colour(places[number])}",
            )
        )
        base += n
    return join(drawn)
