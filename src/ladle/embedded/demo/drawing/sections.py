"""The parts of the page that are words and tables: each a function of the facts alone."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.embedded.demo.drawing.marks import marks
from ladle.embedded.demo.drawing.markup import Child, Markup, join, tag
from ladle.embedded.demo.drawing.panels import colour
from ladle.embedded.demo.page_facts import REAL, STOOD_IN, PageFacts, ReleaseFacts, numbered
from ladle.policy.statuses import ReleaseStatus
from ladle.quality.counts import MICRO
from ladle.releases.effects import RecordKind
from ladle.why.numbers import excess
from ladle.why.trials import evidence_in, trials
from ladle.why.words import count, moment, percent, span

_TONES: dict[ReleaseStatus, str] = {
    ReleaseStatus.GOOD: "good",
    ReleaseStatus.BASELINE: "good",
    ReleaseStatus.ROLLED_BACK: "bad",
    ReleaseStatus.REFUSED: "bad",
}


def card(*children: Child, id_: str | None = None) -> Markup:
    return tag("section", children, cls="card", id=id_)


def opening(facts: PageFacts) -> Markup:
    """What happened, in one line that the records bear."""
    ladle = tag(
        "svg",
        tag("path", d="M19 3 L11.5 13"),
        tag("path", d="M3.5 14.5 a5 5 0 0 0 10 0 z"),
        viewBox="0 0 24 24",
        aria_hidden="true",
    )
    where = "on one machine, no AWS account"
    sub = f"{facts.model} · {moment(facts.began)} · {span(facts.ended - facts.began)} · {where}"
    return tag(
        "header",
        tag("div", ladle, tag("span", "Ladle"), cls="brand"),
        tag("h1", title(facts)),
        tag("p", sub, cls="sub"),
    )


def title(facts: PageFacts) -> str:
    """Named for the newest automatic rollback, if there was one."""
    for row in reversed(facts.records):
        if row.kind is RecordKind.ROLLED_BACK:
            return f"Release {row.release} was worse. Traffic went back by itself."
    return f"{len(facts.releases)} releases of {facts.model}, watched"


def figures(facts: PageFacts) -> Markup:
    pairs = list(_figures(facts))
    return tag(
        "dl",
        [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs],
        cls="figures",
    )


def _figures(facts: PageFacts) -> Iterator[tuple[str, str]]:
    counts = facts.all_counts
    yield "requests answered", count(counts.requests)
    yield "of them labelled, late", count(round(counts.labelled_micro / MICRO))
    yield "releases", count(len(facts.releases))
    for trial in reversed(trials(facts.records)):
        if trial.ended is None or trial.ended.kind is not RecordKind.ROLLED_BACK:
            continue
        yield (
            "from the first share of traffic to the rollback",
            span(trial.ended.at - trial.started.at),
        )
        evidence = evidence_in(trial.ended)
        worst = evidence.worst if evidence else None
        more = excess(worst) if worst else None
        if more is not None:
            yield (
                "more bad answers than the proven release would have given",
                f"≈ {count(round(more))}",
            )
        return


def legend(facts: PageFacts) -> Markup:
    items = []
    for release in facts.releases:
        name = f"release {release.number}"
        seen = f" · {_accuracy(release)}" if release.total.labelled_micro else ""
        items.append(
            tag("li", tag("span", "", cls="swatch"), name, seen, cls=_colour(facts, release))
        )
    return tag("ul", items, cls="legend")


def mark_list(facts: PageFacts) -> Markup:
    """What the numbers on the narrow timeline stand for."""
    return tag("ol", [tag("li", m.text) for m in marks(facts.records)], cls="mark-list")


def releases_table(facts: PageFacts) -> Markup:
    head = ("Release", "Experiment", "State", "Accuracy", "Labelled requests", "Requests", "Failed")
    numbers = {"Accuracy", "Labelled requests", "Requests", "Failed"}
    rows = [tag("tr", [tag("th", h, cls="number" if h in numbers else None) for h in head])]
    rows += [_release_row(facts, release) for release in facts.releases]
    return card(tag("h2", "Releases"), tag("div", tag("table", rows), cls="scroll"))


def _release_row(facts: PageFacts, release: ReleaseFacts) -> Markup:
    seen, made = release.total, release.experiment
    id_ = made.manifest.id[:12] if made else "not recorded"
    state = tag("span", str(release.status), cls=f"state {_TONES.get(release.status, 'plain')}")
    cells = (
        _accuracy(release),
        count(round(seen.labelled_micro / MICRO)),
        count(seen.requests),
        count(seen.failed),
    )
    return tag(
        "tr",
        tag(
            "td",
            tag("span", "", cls=f"swatch {_colour(facts, release)}"),
            str(release.number),
            cls="nowrap",
        ),
        tag("td", tag("code", id_)),
        tag("td", state),
        [tag("td", cell, cls="number") for cell in cells],
    )


def _accuracy(release: ReleaseFacts) -> str:
    seen = release.total
    if not seen.labelled_micro:
        return "no labels"
    return percent(1 - seen.wrong_micro / seen.labelled_micro)


def _colour(facts: PageFacts, release: ReleaseFacts) -> str:
    return colour(numbered(facts.releases)[release.number])


def honesty() -> Markup:
    """What a reader may take as it is, and what stood in for something."""
    return card(
        tag(
            "div",
            _column("What is real", REAL),
            _column("What stands in for something", STOOD_IN),
            cls="two",
        )
    )


def _column(name: str, texts: tuple[str, ...]) -> Markup:
    items = tag("ul", [tag("li", text) for text in texts], cls="plain-list")
    return tag("div", tag("h2", name), items)


def history(facts: PageFacts) -> Markup:
    """Every row, with the id that sentences cite."""
    head = tag("tr", [tag("th", h) for h in ("Record", "After", "Kind", "What it says")])
    rows = [
        tag(
            "tr",
            tag("td", tag("code", row.id), cls="nowrap"),
            tag("td", f"{row.at - facts.began:.1f} s", cls="nowrap"),
            tag("td", str(row.kind), cls="nowrap"),
            tag("td", row.text),
            id=anchor(row.id),
        )
        for row in facts.records
    ]
    summary = tag("summary", f"History: all {len(rows)} records")
    table = tag("div", tag("table", head, rows), cls="scroll")
    return card(tag("details", summary, table))


def anchor(record_id: str) -> str:
    """An id of this page for a record's id."""
    return "record-" + "".join(c if c.isalnum() else "-" for c in record_id)


def closing(facts: PageFacts) -> Markup:
    commands = [tag("p", tag("code", command)) for command in facts.commands]
    text = "This page is one file: no script, no font and no picture comes from anywhere else."
    return tag("footer", join(commands), tag("p", text))
