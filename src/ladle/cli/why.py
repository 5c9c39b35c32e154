"""``ladle why MODEL``: what changed, what it did, and the records that show it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.answer_why import answer_why
from ladle.cli.output import answer, answer_json, wrapped
from ladle.cli.switches import AsJson, ModelName
from ladle.disk.clock import SystemClock
from ladle.errors import UsageError
from ladle.project.repository import find_root
from ladle.tools.git import Git
from ladle.why.explanation import Explanation, Sentence, Topic
from ladle.why.facts import Subject
from ladle.wiring import open_index, open_workspace

WIDTH = 96
INDENT = " " * 3
_AGO_S = {"min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def why(
    model: ModelName,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="T", help="ISO 8601 (UTC if it says none), yesterday, 3d."),
    ] = None,
    release: Annotated[
        int | None, typer.Option("--release", help="Ask about this release.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what changed: the conclusion first, then the evidence, each with its record."""
    if at is not None and release is not None:
        raise UsageError(
            "LD812", "--at and --release ask two questions", "ask with one of them at a time"
        )
    now = SystemClock().now()
    subject = Subject(model, release, None if at is None else read_time(at, now))
    root = find_root(Path.cwd())
    packs = open_index(root).packs
    told = answer_why(subject, open_workspace(None, root), packs, Git(), root, now)
    if as_json:
        answer_json(told.to_json())
    else:
        answer("\n".join(lines(told)))


def read_time(text: str, now: float) -> float:
    """UTC epoch seconds of a date or time in ISO 8601, of ``yesterday``, or of so long ago: ``3d``.

    Raises LD813 for anything else.
    """
    if text == "yesterday":
        return now - _AGO_S["d"]
    if ago := re.fullmatch(r"(\d+(?:\.\d+)?) ?(min|h|d|w)(?: ago)?", text):
        return now - float(ago[1]) * _AGO_S[ago[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "LD813",
            f"{text!r} is no time",
            "write it like 2026-11-23T10:12:07Z, 2026-11-23T10:12:07+01:00, yesterday, 3d or 12h",
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def lines(told: Explanation) -> Iterator[str]:
    """The conclusion on its own; each further topic with its sentences below its name."""
    for topic, sentences in told.by_topic():
        if topic is Topic.CONCLUSION:
            yield from _wrapped(sentences, "")
            continue
        yield ""
        yield str(topic)
        for sentence in sentences:
            yield from _wrapped((sentence,), INDENT)


def _wrapped(sentences: tuple[Sentence, ...], indent: str) -> Iterator[str]:
    for sentence in sentences:
        cited = ", ".join(short_id(r) for r in sentence.records)
        yield from wrapped(f"{sentence.text} [{cited}]", WIDTH, indent, indent)


def short_id(record: str) -> str:
    """An experiment by the digits that every command takes; a row of history as it is."""
    kind, _, rest = record.partition("/")
    return f"{kind}/{rest[:12]}" if kind == "exp" and len(rest) == 64 else record
