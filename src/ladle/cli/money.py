"""Costs as people read them: a table of four columns, then what it was computed with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ladle.config.amounts import written
from ladle.planning.cost import Cost, Line, Side
from ladle.planning.prices import Prices


def cost_lines(found: Cost, prices: Prices) -> Iterator[str]:
    sums = (found.idle, found.expected, found.worst_day, found.per_million)
    yield _columns("USD", ("idle month", "month", "worst day", "per million"))
    yield _columns("serving", [usd(s.serving) for s in sums])
    yield _columns("watching", [usd(s.watching) for s in sums])
    yield _columns("both", [usd(s.total) for s in sums])
    yield basis(found)
    yield worst(found)
    yield f"list prices of {prices.region}, {prices.checked}, without free tier or tax"
    yield from elsewhere(found)


def elsewhere(found: Cost) -> Iterator[str]:
    """Prices that another region's list told."""
    for row in found.elsewhere:
        what = row.row.removeprefix("machine_hour_")
        yield f"{what}'s price is of {row.region}'s list, {row.seen}: {row.source}"


def basis(found: Cost) -> str:
    usage = found.usage
    known = f"{usage.known}{f' for {written(usage.seen_s)}' if usage.seen_s else ''}"
    if found.asked_per_day > usage.requests_per_day:
        known += f": {found.asked_per_day:,.0f}, of which no more get in"
    return (
        f"month: {usage.requests_per_day:,.0f} requests a day ({known}), "
        f"{usage.answer_ms:,.3g} ms each ({usage.answer_known})"
    )


def worst(found: Cost) -> str:
    """Where machines are paid by the hour, requests that take long cost less: fewer get through."""
    said, slow = "worst day: all that the door lets in", found.worst_day_slow.total
    longer = f"; if each took its whole time: {usd(slow)}"
    return said + longer if slow > found.worst_day.total else said


def line_rows(rows: Iterable[Line]) -> list[tuple[str, str, str]]:
    """Dearest first, side by side; what costs nothing is left out."""
    ordered = sorted(rows, key=lambda row: (list(Side).index(row.side), -row.usd))
    return [(row.side, row.what, usd(row.usd)) for row in ordered if row.usd > 0]


def usd(amount: float) -> str:
    """Cents, but for what is less than one of them."""
    if 0 < amount < 0.005:
        return "<0.01"
    return f"{amount:,.2f}" if amount < 1000 else f"{amount:,.0f}"


def _columns(head: str, cells: Iterable[str]) -> str:
    return f"{head:<10}" + "".join(f"{cell:>13}" for cell in cells)
