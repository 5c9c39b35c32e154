"""The paper that all panels of a timeline share: one time axis, the same margins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ladle.embedded.demo.drawing.markup import Markup, join, tag
from ladle.embedded.demo.drawing.scales import Scale, clock_face, time_ticks

NARROW = 560


@dataclass(frozen=True, slots=True)
class Frame:
    """``began`` is the zero of the time axis; ``x`` maps UTC epoch seconds to pixels."""

    width: float
    began: float
    x: Scale

    @property
    def narrow(self) -> bool:
        return self.width < NARROW

    @property
    def left(self) -> float:
        return self.x.begin

    @property
    def right(self) -> float:
        return self.x.end


@dataclass(frozen=True, slots=True)
class Plot:
    """One panel's drawing area; ``y`` maps values to pixels, upwards."""

    frame: Frame
    top: float
    height: float
    y: Scale

    @property
    def bottom(self) -> float:
        return self.top + self.height


def frame(width: float, began: float, first: float, last: float) -> Frame:
    """Margins: values at the left, names of lines at the right where there is room for them."""
    left, right = (42.0, 8.0) if width < NARROW else (52.0, 118.0)
    pad = 0.01 * (last - first)
    return Frame(width, began, Scale(first - pad, last, left, width - right))


def plot(frame: Frame, top: float, height: float, low: float, high: float) -> Plot:
    return Plot(frame, top, height, Scale(low, high, top + height, top))


def heading(top: float, title: str, unit: str) -> Markup:
    """A panel's name with its unit, above its drawing area."""
    return tag(
        "text",
        tag("tspan", title, cls="title"),
        tag("tspan", f"  {unit}", cls="unit"),
        x=0,
        y=top,
    )


def grid(area: Plot, values: Sequence[float], names: Sequence[str]) -> Markup:
    """Horizontal hairlines with their values at the left."""
    lines = []
    for value, name in zip(values, names, strict=True):
        y = area.y(value)
        lines.append(tag("line", x1=area.frame.left, x2=area.frame.right, y1=y, y2=y, cls="grid"))
        lines.append(tag("text", name, x=area.frame.left - 6, y=y + 3.5, cls="tick end"))
    return join(lines)


def time_axis(frame: Frame, y: float) -> Markup:
    """Minutes and seconds since the start, once, under the lowest panel."""
    low, high = frame.x.low - frame.began, frame.x.high - frame.began
    marks = [s for s in time_ticks(high, 5 if frame.narrow else 10) if s >= low]
    return join(
        tag("line", x1=frame.left, x2=frame.right, y1=y, y2=y, cls="axis"),
        [
            (
                tag("line", x1=(x := frame.x(frame.began + s)), x2=x, y1=y, y2=y + 4, cls="axis"),
                tag("text", clock_face(s), x=x, y=y + 17, cls="tick middle"),
            )
            for s in marks
        ],
        tag("text", "min:s since the start", x=frame.right, y=y + 33, cls="unit end"),
    )


def path(points: Sequence[tuple[float, float]], *, closed: bool = False) -> str:
    """SVG path data through ``points``."""
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f"M{steps}" + (" Z" if closed else "")
