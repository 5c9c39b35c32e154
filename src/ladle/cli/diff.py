"""``ladle diff A B``: what differs between two experiments, causes first, down to rows of data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ladle.cli.experiment_words import number, one_line, short
from ladle.cli.output import answer, answer_json, table
from ladle.cli.switches import AsJson
from ladle.cli.working_tree import tell_working_tree
from ladle.digest import Digest
from ladle.experiments.compare import Change, Part
from ladle.experiments.row_words import in_words, ranges, ranges_in_words
from ladle.experiments.rows import RowsDifference
from ladle.project.repository import find_root
from ladle.wiring import open_index, open_workspace

if TYPE_CHECKING:
    from ladle.why.facts import ComparedExperiments

_MOST_FILES = 20
_MOST_COLUMNS = 12
_SMALL_BYTES = 8_000_000  # of a table a side: fetched in a moment
_ANY_BYTES = 1 << 60


def diff(
    before: Annotated[
        str, typer.Argument(metavar="A", help="The older experiment's id, or a model.")
    ],
    after: Annotated[
        str | None, typer.Argument(metavar="B", help="The newer one's; without it, the files here.")
    ] = None,
    rows: Annotated[
        bool | None,
        typer.Option(
            "--rows/--no-rows",
            help="Compare tables of any size row by row, or none; as it is, those up to 8 MB.",
        ),
    ] = None,
    patch: Annotated[
        bool, typer.Option("--patch", help="Show the code as a patch, whole.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what differs: rows of data, code, parameters, environment; then metrics and model."""
    root = find_root(Path.cwd())
    if after is None:
        tell_working_tree(root, before, as_json)
        return
    from ladle.actions.compare_experiments import compare_experiments, read_patch
    from ladle.actions.read_experiment import ExperimentReader
    from ladle.tools.git import Git

    workspace = open_workspace(None, root)
    reader = ExperimentReader.of(workspace, open_index(root).packs)
    old, new = (workspace.manifests.get(i) for i in (before, after))
    if patch:
        answer(read_patch(old, new, reader, Git(), root))
        return
    largest = _SMALL_BYTES if rows is None else _ANY_BYTES * rows
    compared = compare_experiments(old, new, reader, Git(), root, largest)
    if as_json:
        answer_json(_as_json(compared))
        return
    answer(f"from {one_line(old)}\nto   {one_line(new)}\n")
    answer("\n".join(_lines(compared)))


def _as_json(compared: ComparedExperiments) -> dict[str, Any]:
    return {
        **compared.difference.to_json(),
        "rows": {name: _rows_json(rows) for name, rows in compared.rows.items()},
        "tables": {name: list(lines) for name, lines in compared.tables.items()},
        "code": [asdict(f) for f in compared.code],
        "graph": list(compared.graph),
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
        if part is Part.OUTPUTS and not changes:
            continue
        yield f"{part.value:<12} {'' if changes else 'the same'}".rstrip()
        yield from (f"  {line}" for line in _part_lines(part, changes, compared))


def _part_lines(
    part: Part, changes: tuple[Change, ...], compared: ComparedExperiments
) -> Iterator[str]:
    if part in (Part.DATA, Part.OUTPUTS):
        for change in changes[:_MOST_FILES]:
            yield from _data_lines(change, compared)
        if len(changes) > _MOST_FILES:
            yield f"and {len(changes) - _MOST_FILES:,} more files (--json lists them)"
    elif changes:
        yield from _table_lines(changes)
    if part is Part.CODE:
        yield from _code_lines(compared)
    if part is Part.MODEL:
        yield from compared.graph


def _code_lines(compared: ComparedExperiments) -> Iterator[str]:
    yield from (str(file) for file in compared.code[:_MOST_FILES])
    rest = len(compared.code) - _MOST_FILES
    if rest > 0:
        yield f"and {rest} more files"


def _data_lines(change: Change, compared: ComparedExperiments) -> Iterator[str]:
    rows = compared.rows.get(change.name)
    columns = compared.tables.get(change.name, ())
    if rows is not None:
        yield in_words(change.name, rows)
        yield from (f"  {line}" for line in _row_lines(rows))
    elif change.before is None:
        yield f"{change.name}: added ({_value(change.after)})"
    elif change.after is None:
        yield f"{change.name}: removed ({_value(change.before)})"
    else:
        yield f"{change.name}: {_value(change.before)} → {_value(change.after)}"
    yield from (f"  {line}" for line in columns[:_MOST_COLUMNS])
    if len(columns) > _MOST_COLUMNS:
        yield f"  and {len(columns) - _MOST_COLUMNS} more columns"


def _row_lines(rows: RowsDifference) -> Iterator[str]:
    for word, numbers in (
        ("changed", [j for _, j in rows.changed]),
        ("removed", rows.removed),
        ("added", rows.added),
    ):
        if numbers:
            yield f"{word}: rows {ranges_in_words(numbers)}"


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
