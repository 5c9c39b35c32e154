"""What ``ladle`` says before any command of it runs."""

from __future__ import annotations

import pytest

from ladle.cli.main import main
from ladle.errors import ExitCode


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("statu", "No such command 'statu'. Did you mean status?"),
        ("roll-back", "No such command 'roll-back'. Did you mean rollback?"),
        ("xyzzy", "No such command 'xyzzy'.\n"),
    ],
)
def test_a_command_that_is_not_there_is_refused_with_the_nearest_one(
    typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([typed]) == ExitCode.USAGE
    assert said in capsys.readouterr().err
