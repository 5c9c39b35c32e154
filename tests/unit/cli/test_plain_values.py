"""What a command line says is read as typer reads it: without pydantic where that is not needed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
import typer.main
from typer._click.exceptions import BadParameter

from ladle.cli.plain_values import read_plainly


class Size(StrEnum):
    SMALL = "small"


def _command(seen: dict[str, Any]) -> Any:
    app = typer.Typer(add_completion=False)

    @app.command()
    def command(
        words: Annotated[list[str], typer.Argument()],
        path: Annotated[Path | None, typer.Option(exists=True)] = None,
        paths: Annotated[list[Path] | None, typer.Option()] = None,
        count: Annotated[int, typer.Option(min=1)] = 7,
        size: Annotated[Size, typer.Option()] = Size.SMALL,
        sure: Annotated[bool, typer.Option()] = False,
    ) -> None:
        seen.update(locals())

    return typer.main.get_command(app)


def _read(*line: str, plainly: bool) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    command = _command(seen)
    with command.make_context("command", list(line), resilient_parsing=True) as ctx:
        if plainly:
            read_plainly(command, ctx)
    command(list(line), standalone_mode=False)
    return {name: value for name, value in seen.items() if name != "seen"}


@pytest.mark.parametrize(
    "line",
    ["a", "a b --sure", "a --path .", "a --paths x --paths y", "a --count 3", "a --size small"],
)
def test_a_value_is_what_typer_makes_of_it(line: str) -> None:
    assert _read(*line.split(), plainly=True) == _read(*line.split(), plainly=False)


@pytest.mark.parametrize("line", ["a --path gone", "a --count x", "a --count 0", "a --size large"])
def test_what_typer_refuses_is_refused_in_its_words(line: str) -> None:
    with pytest.raises(BadParameter) as plain:
        _read(*line.split(), plainly=True)
    with pytest.raises(BadParameter) as typers:
        _read(*line.split(), plainly=False)
    assert plain.value.message == typers.value.message
