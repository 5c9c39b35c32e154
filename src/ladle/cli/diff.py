"""``ladle diff A B``: what differs between two experiments, causes first, down to rows of data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions.compare_experiments import compare_experiments
from ladle.cli.experiment_words import number, one_line, short
from ladle.cli.output import answer, answer_json, table
from ladle.cli.working_tree import tell_working_tree
from ladle.digest import Digest
from ladle.experiments.compare import Change, Part
from ladle.experiments.row_words import in_words, ranges, ranges_in_words
from ladle.experiments.rows import RowsDifference
from ladle.project.repository import find_root
from ladle.tools.git import Git
from ladle.why.facts import ComparedExperiments
from ladle.wiring import open_workspace

_MOST_FILES = 20


def diff(
    before: Annotated[
        str, typer.Argument(metavar="A", help="The older experiment's id, or a model.")
    ],
    after: Annotated[
        str | None, typer.Argument(metavar="B", help="The newer one's; without it, the files here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Say what differs: rows of data, code, parameters, environment; then metrics and model."""
    root = find_root(Path.cwd())
    if after is None:
        tell_working_tree(root, before, as_json)
        return
    workspace = open_workspace(None, root)
    old, new = (workspace.manifests.get(i) for i in (before, after))
    compared = compare_experiments(old, new, workspace.objects, Git(), root)
    if as_json:
        answer_json(_as_json(compared))
        return
    answer(f"from {one_line(old)}\nto   {one_line(new)}\n")
    answer("\n".join(_lines(compared)))


def _as_json(compared: ComparedExperiments) -> dict[str, Any]:
    return {
        **compared.difference.to_json(),
        "rows": {name: _rows_json(rows) for name, rows in compared.rows.items()},
        "code": [asdict(f) for f in compared.code],
    }


def _rows_json(rows: RowsDifference) -> dict[str, Any]:
    """Row numbers as closed ranges, counted from 1; ``changed`` by the numbers of the newer file."""
    return {
        **asdict(rows),
        "changed": ranges([j for _, j in rows.changed]),
        "removed": ranges(rows.removed),
        "added": ranges(rows.added),
    }


def _lines(compared: ComparedExperiments) -> Iterator[str]:
    for part in Part:
        changes = compared.difference.of(part)
        same = "the same" if not changes else ""
        yield f"{part.value:<12} {same}".rstrip()
        if part is Part.DATA:
            for change in changes:
                yield from (f"  {line}" for line in _data_lines(change, compared))
        elif changes:
            yield from (f"  {line}" for line in _table_lines(changes))
        if part is Part.CODE:
            yield from (f"  {line}" for line in _code_lines(compared))


def _code_lines(compared: ComparedExperiments) -> Iterator[str]:
    yield from (str(file) for file in compared.code[:_MOST_FILES])
    rest = len(compared.code) - _MOST_FILES
    if rest > 0:
        yield f"and {rest} more files"


def _data_lines(change: Change, compared: ComparedExperiments) -> Iterator[str]:
    rows = compared.rows.get(change.name)
    if rows is None:
        yield f"{change.name}: {_value(change.before)} → {_value(change.after)}"
        return
    yield in_words(change.name, rows)
    for word, numbers in (
        ("changed", [j for _, j in rows.changed]),
        ("removed", rows.removed),
        ("added", rows.added),
    ):
        if numbers:
            yield f"  {word}: rows {ranges_in_words(numbers)}"


def _table_lines(changes: tuple[Change, ...]) -> list[str]:
    rows = [[c.name, _value(c.before), "→", _value(c.after)] for c in changes]
    return table(["", "", "", ""], rows).split("\n")[1:]


def _value(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return " ".join(str(v) for v in value)
    try:
        return Digest.parse(str(value)).short
    except ValueError:
        text = number(value)
        return short(text) if len(text) == 40 else text
