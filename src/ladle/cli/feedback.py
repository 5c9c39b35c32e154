"""``ladle feedback``: says what was true of predictions, by hand or by the file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions import call_model
from ladle.actions.call_model import LabelsTaken
from ladle.actions.send_label_file import CallTaken, FileTaken, send_file
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson, ModelName
from ladle.disk.clock import SystemClock
from ladle.errors import ExitCode, LadleError, UsageError
from ladle.ports import Predictor
from ladle.quality.labels import LabelValue
from ladle.quality.new_label import REFUSES_ONE, NewLabel
from ladle.tools.label_files import read_labels
from ladle.why.words import plural
from ladle.wiring import open_label_file, open_predictor


def feedback(
    model: ModelName,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="A prediction id; may be repeated.")
    ] = None,
    labels: Annotated[
        list[str] | None, typer.Option("--label", help="What was true, one for each id, in order.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            help="A table with the columns prediction_id and label: CSV, TSV, JSON lines or Parquet, "
            "a path or s3://…"
        ),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where the model answers.")] = None,
    caller: Annotated[
        str | None, typer.Option(help="Who says so; for the embedded AWS, which checks nobody.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Say what was true of a prediction; sent twice it counts once, another label corrects it."""
    pairs = _pairs(ids or [], labels or [], file)
    predictor = open_predictor(url, Path.cwd(), caller)
    if file is not None:
        return _of_file(predictor, model, file, as_json)
    taken = call_model.send_labels(predictor, model, pairs)
    if as_json:
        answer_json(asdict(taken))
    else:
        answer(_words(taken))
        _explain_waiting(taken.waiting)
        for refused in taken.refused:
            say(f"{refused.get('prediction_id')} {refused.get('code')} {refused.get('detail')}")
    return ExitCode.FINDING if taken.refused else ExitCode.OK


def _pairs(
    ids: Sequence[str], labels: Sequence[str], file: str | None
) -> list[tuple[str, LabelValue]]:
    if (file is None) != bool(ids or labels):
        fix = "write --id and --label, or --file"
        raise UsageError("LD434", "labels come by --id and --label, or by --file", fix)
    if len(ids) != len(labels):
        raise UsageError(
            "LD434",
            f"{len(ids)} ids and {len(labels)} labels",
            "write --label once for each --id, in the same order",
        )
    return [(id_, _value(text)) for id_, text in zip(ids, labels, strict=True)]


def _of_file(predictor: Predictor, model: str, file: str, as_json: bool) -> int:
    taken = FileTaken()

    def send(call: Sequence[NewLabel]) -> CallTaken:
        return _call(predictor, model, call)

    try:
        with open_label_file(file, Path.cwd()) as content:
            send_file(read_labels(file, content), send, SystemClock(), taken, _progress)
    except LadleError:
        if taken.rows:
            sent = plural(taken.rows, "row")
            say(f"stopped after {sent}; send the file again: nothing counts twice")
        raise
    if as_json:
        answer_json(taken.to_json())
    else:
        rows, refused = plural(taken.rows, "row"), sum(taken.refused.values())
        answer(f"{rows}: {_words(taken)}, {refused:,} refused")
        _explain_waiting(taken.waiting)
        for code, number in sorted(taken.refused.items()):
            say(f"{code} refused {number:,}: ladle explain {code}")
        for example in taken.examples:
            say(f"  {example}")
    return ExitCode.FINDING if taken.refused else ExitCode.OK


def _call(predictor: Predictor, model: str, call: Sequence[NewLabel]) -> CallTaken:
    pairs = [(label.prediction_id, label.value) for label in call]
    try:
        taken = call_model.send_labels(predictor, model, pairs)
    except LadleError as error:
        if len(call) > 1 or error.code not in REFUSES_ONE:
            raise
        refused = (call[0].prediction_id, error.code, error.finding.what)
        return CallTaken(0, 0, 0, 0, [refused])
    reasons = [
        (str(r.get("prediction_id")), str(r.get("code")), str(r.get("detail")))
        for r in taken.refused
    ]
    return CallTaken(taken.accepted, taken.corrected, taken.repeated, taken.waiting, reasons)


def _progress(taken: FileTaken) -> None:
    if taken.rows % 100_000 == 0:
        say(f"{taken.rows:,} rows sent")


def _words(taken: LabelsTaken | FileTaken) -> str:
    corrected = f" ({taken.corrected:,} of them corrections)" if taken.corrected else ""
    return (
        f"{taken.accepted:,} accepted{corrected}, {taken.repeated:,} known, "
        f"{taken.waiting:,} waiting"
    )


def _explain_waiting(waiting: int) -> None:
    if waiting:
        say("waiting: for a prediction that is not collected yet, or was made before any labels")
        say("  were expected, which are not kept")


def _value(text: str) -> LabelValue:
    """``3`` and ``true`` are a number and a boolean, anything else a text; '"3"' is the text 3."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float | str) else text
