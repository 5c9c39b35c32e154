"""``ladle feedback``: says what was true of a prediction."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions import call_model
from ladle.cli.output import answer, answer_json, say
from ladle.errors import ExitCode, UsageError
from ladle.quality.labels import LabelValue
from ladle.wiring import open_predictor


def feedback(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    ids: Annotated[list[str], typer.Option("--id", help="A prediction id; may be repeated.")],
    labels: Annotated[
        list[str], typer.Option("--label", help="What was true, one for each id, in order.")
    ],
    url: Annotated[str | None, typer.Option(help="Where the model answers.")] = None,
    caller: Annotated[
        str | None, typer.Option(help="Who says so; for the embedded AWS, which checks nobody.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Say what was true of a prediction; sent twice it counts once, another label corrects it."""
    if len(ids) != len(labels):
        raise UsageError(
            "LD434",
            f"{len(ids)} ids and {len(labels)} labels",
            "write --label once for each --id, in the same order",
        )
    pairs = [(id_, _value(text)) for id_, text in zip(ids, labels, strict=True)]
    taken = call_model.send_labels(open_predictor(url, Path.cwd(), caller), model, pairs)
    if as_json:
        answer_json(asdict(taken))
    else:
        answer(f"{taken.accepted} accepted, {taken.repeated} known, {taken.waiting} waiting")
        if taken.waiting:
            say(
                "waiting: for a prediction that is not collected yet, or was made before any labels"
            )
            say("  were expected, which are not kept")
        for refused in taken.refused:
            say(f"{refused.get('prediction_id')} {refused.get('code')} {refused.get('detail')}")
    return ExitCode.FINDING if taken.refused else ExitCode.OK


def _value(text: str) -> LabelValue:
    """``3`` and ``true`` are a number and a boolean, anything else a text; '"3"' is the text 3."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float | str) else text
