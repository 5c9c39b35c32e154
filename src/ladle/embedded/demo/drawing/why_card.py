"""The explanation as a card: conclusion, sentences with their records, what differs at a glance."""

from __future__ import annotations

from ladle.embedded.demo.drawing.markup import Markup, join, tag
from ladle.embedded.demo.drawing.sections import anchor, card
from ladle.experiments.compare import CAUSES, Part
from ladle.why.explanation import Explanation, Sentence, Topic
from ladle.why.facts import ComparedExperiments

_NAMES = {
    Part.DATA: "data",
    Part.CODE: "code",
    Part.PARAMS: "parameters",
    Part.ENVIRONMENT: "environment",
}


def why_card(why: Explanation, known: frozenset[str]) -> Markup:
    """``known`` are the records that the page lists: only these citations are links."""
    topics = dict(why.by_topic())
    left = [t for t in (Topic.EVIDENCE, Topic.DONE, Topic.NOW) if t in topics]
    conclusion = topics.get(Topic.CONCLUSION, ())
    return card(
        tag("h3", f"ladle why {why.subject.model}"),
        [tag("p", _sentence(s, known), cls="headline") for s in conclusion],
        tag(
            "div",
            tag("div", [_topic(t, topics[t], known) for t in left]),
            tag("div", _differences(why, topics.get(Topic.DIFFERS, ()), known)),
            cls="story",
        ),
        id_="why",
    )


def _topic(topic: Topic, sentences: tuple[Sentence, ...], known: frozenset[str]) -> Markup:
    return join(
        tag("h3", str(topic)),
        tag("ul", [tag("li", _sentence(s, known)) for s in sentences]),
    )


def _sentence(sentence: Sentence, known: frozenset[str]) -> Markup:
    return join(_with_code(sentence.text), [_cite(id_, known) for id_ in sentence.records])


def _with_code(text: str) -> Markup:
    """What stands between backticks is a name."""
    pieces = text.split("`")
    return join([tag("code", p) if i % 2 else p for i, p in enumerate(pieces)])


def _cite(id_: str, known: frozenset[str]) -> Markup:
    kind, _, rest = id_.partition("/")
    short = f"{kind}/{rest[:8]}" if kind == "exp" else id_
    target = f"#{anchor(id_)}" if id_ in known else None
    return tag("a", short, href=target, title=id_, cls="cite")


def _differences(
    why: Explanation, sentences: tuple[Sentence, ...], known: frozenset[str]
) -> Markup | None:
    if not sentences:
        return None
    name = f"{Topic.DIFFERS}, release {why.against} → {why.release}"
    return join(
        tag("h3", name),
        _parts(why.compared) if why.compared else None,
        tag("ul", [tag("li", _sentence(s, known)) for s in sentences]),
    )


def _parts(compared: ComparedExperiments) -> Markup:
    boxes = []
    for part in CAUSES:
        same = not compared.difference.of(part)
        words = "the same" if same else "differs"
        boxes.append(tag("div", words, tag("b", _NAMES[part]), cls=None if same else "differs"))
    return tag("div", boxes, cls="parts")
