"""What differs between two experiments: what was put in is told as such, what came out as its result."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.digest import Digest
from ladle.experiments.compare import CAUSES, Change, Difference, Part
from ladle.experiments.row_words import in_words
from ladle.why.facts import ComparedExperiments
from ladle.why.words import listed

_MOST = 6
_PART_WORDS: dict[Part, str] = {
    Part.DATA: "data",
    Part.CODE: "code",
    Part.PARAMS: "parameters",
    Part.ENVIRONMENT: "environment",
    Part.METRICS: "metrics",
    Part.OUTPUTS: "outputs",
    Part.MODEL: "model",
}


def difference_sentences(compared: ComparedExperiments) -> Iterator[str]:
    """First which parts differ and which do not, then each difference, then what follows."""
    difference = compared.difference
    yield _overview(difference)
    for part in CAUSES:
        changes = difference.of(part)
        yield from (_told(c, compared) for c in changes[:_MOST])
        if len(changes) > _MOST:
            yield f"{_PART_WORDS[part]} changed in {len(changes) - _MOST} more places"
    if effects := [_effect(c) for c in difference.effects if _worth_telling(c)]:
        yield f"as a result, not as a cause: {', '.join(effects)}"


def _overview(difference: Difference) -> str:
    changed = [_PART_WORDS[p] for p in CAUSES if difference.of(p)]
    same = [_PART_WORDS[p] for p in CAUSES if not difference.of(p)]
    if not difference.changes:
        return "both releases serve the same experiment: what differs is how it is served"
    if not changed:
        return (
            "nothing that was put in differs: data, code, parameters and environment are the same; "
            "what no experiment records (chance, hardware) is left"
        )
    if not same:
        return f"the experiments differ in {listed(changed)}"
    verb = "is" if len(same) == 1 else "are"
    return f"the experiments differ in {listed(changed)} only; {listed(same)} {verb} the same"


def _told(change: Change, compared: ComparedExperiments) -> str:
    if change.part is Part.DATA:
        return _data(change, compared)
    if change.part is Part.CODE:
        return _code(change, compared)
    name = change.name.removeprefix("package ")
    return f"{_PART_WORDS[change.part]} changed: {name} {_pair(change)}"


def _data(change: Change, compared: ComparedExperiments) -> str:
    if change.before is None:
        return f"data added: {change.name}"
    if change.after is None:
        return f"data removed: {change.name}"
    if rows := compared.rows.get(change.name):
        return f"data changed in {in_words(change.name, rows)}"
    return f"data changed in {change.name}: other content ({_pair(change)})"


def _code(change: Change, compared: ComparedExperiments) -> str:
    if change.name == "commit" and compared.code:
        files = ", ".join(str(p) for p in compared.code[:_MOST])
        rest = len(compared.code) - _MOST
        return f"code changed in {files}" + (f" and {rest} more files" if rest > 0 else "")
    name = "uncommitted changes" if change.name == "uncommitted" else change.name
    return f"code changed: {name} {_pair(change)}"


def _worth_telling(change: Change) -> bool:
    """Size and place of a model say nothing beside its content."""
    return change.part is Part.METRICS or change.name in ("content", "outcome", "inputs", "outputs")


def _effect(change: Change) -> str:
    if change.part is Part.MODEL and change.name == "content":
        return "another model"
    return f"{change.name} {_pair(change)}"


def _pair(change: Change) -> str:
    return f"{_value(change.before)} → {_value(change.after)}"


def _value(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(str(v) for v in value)
    text = str(value)
    try:
        return Digest.parse(text).short
    except ValueError:
        return text[:12] if len(text) == 40 else text[:80]
