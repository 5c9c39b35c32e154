"""``ladle predict``: asks a served model, by hand."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions import call_model
from ladle.cli.output import answer, answer_json, table
from ladle.cli.switches import AsJson, ModelName
from ladle.errors import UsageError
from ladle.wiring import open_predictor

MAX_CELL = 100


def predict(
    model: ModelName,
    inputs: Annotated[str | None, typer.Option(help="JSON, as '[[5.1, 3.5]]'.")] = None,
    file: Annotated[
        str | None, typer.Option("--file", help="A file with the JSON; - reads standard input.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where the model answers.")] = None,
    caller: Annotated[
        str | None, typer.Option(help="Who asks; for the embedded AWS, which checks nobody.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask a deployed model, or one that `ladle dev` serves."""
    given = _read(inputs, file)
    found = call_model.predict(open_predictor(url, Path.cwd(), caller), model, given)
    if as_json:
        answer_json(asdict(found))
        return
    rows = [
        [id_, shown(row)] for id_, row in zip(found.prediction_ids, found.predictions, strict=True)
    ]
    answer(table(["prediction id", f"{found.model}, release {found.release}"], rows))


def shown(prediction: Any) -> str:
    """Short enough to read; ``--json`` has all of it."""
    text = json.dumps(_rounded(prediction), ensure_ascii=False)
    return text if len(text) <= MAX_CELL else f"{text[:MAX_CELL]}…"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return value


def _read(inputs: str | None, file: str | None) -> Any:
    """What stands under ``inputs`` of a request; a whole request and a golden file are taken as well."""
    if (inputs is None) == (file is None):
        raise UsageError(
            "LD433", "give the inputs once", "--inputs '[[…]]', --file PATH or --file -"
        )
    try:
        text = inputs if inputs is not None else _text(str(file))
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            "LD433", f"the inputs are no JSON: {error}", "for instance '[[5.1, 3.5, 1.4, 0.2]]'"
        ) from error
    if isinstance(given, dict) and set(given) == {"request", "answer"}:
        given = given["request"]
    return given["inputs"] if isinstance(given, dict) and set(given) == {"inputs"} else given


def _text(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            "LD433", f"{file} cannot be read: {error.strerror}", "name a file"
        ) from error
