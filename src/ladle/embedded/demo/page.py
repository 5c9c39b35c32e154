"""The page of a story is one self-contained file made from facts alone: it works offline, for ever."""

from __future__ import annotations

from importlib import resources

from ladle.embedded.demo.drawing.labels_card import labels_card
from ladle.embedded.demo.drawing.markup import Markup, join, tag
from ladle.embedded.demo.drawing.sections import (
    card,
    closing,
    figures,
    history,
    honesty,
    legend,
    mark_list,
    opening,
    releases_table,
    title,
)
from ladle.embedded.demo.drawing.timeline import timeline
from ladle.embedded.demo.drawing.why_card import why_card
from ladle.embedded.demo.page_facts import PageFacts

WIDE, NARROW = 1066.0, 358.0
_STYLE = resources.files("ladle.embedded.demo").joinpath("page.css").read_text(encoding="utf-8")
_NOTE = (
    "One time axis for all. Labels count at the time of the prediction that they judge; a request "
    "whose rows are labelled one by one counts in parts."
)


def page(facts: PageFacts) -> str:
    """A whole HTML document. It is well-formed XML too, so that any parser can check it."""
    known = frozenset(r.id for r in facts.records)
    body = tag(
        "body",
        opening(facts),
        tag(
            "main",
            figures(facts),
            why_card(facts.explanation, known) if facts.explanation else None,
            card(
                tag("h2", "What happened"),
                tag("p", _NOTE, cls="note"),
                legend(facts),
                timeline(facts, WIDE),
                timeline(facts, NARROW),
                mark_list(facts),
            ),
            labels_card(facts, facts.quality, (WIDE, NARROW)) if facts.quality else None,
            releases_table(facts),
            honesty(),
            history(facts),
        ),
        closing(facts),
    )
    return f"<!DOCTYPE html>\n{tag('html', _head(facts), body, lang='en')}\n"


def _head(facts: PageFacts) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", join(f"{facts.model}: ", title(facts))),
        tag("style", Markup(_STYLE)),
    )
