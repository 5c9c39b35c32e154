"""Each mistake's text, word for word: a folder of mistakes/ is a package, expected.txt what is said.

Run as a script, this file writes what is said now; read the difference.
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from ladle.cli.explain import explanations
from ladle.cli.output import show_findings
from ladle.project.read_package import read_package
from ladle.project.repository import ModelPackage

MISTAKES = Path(__file__).parent / "mistakes"
CASES = sorted(path.name for path in MISTAKES.iterdir())
# Told by a command about several packages or none, or of the model itself; tests/unit/cli says how.
OF_A_COMMAND = {"LD122", "LD124", "LD131", "LD132", "LD133", "LD134", "LD135", "LD151"}


def said_of(folder: Path) -> str:
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
        show_findings(read_package(ModelPackage(folder), "model.yaml").findings)
    return re.sub(r"[ \t]+$", "", stderr.getvalue(), flags=re.MULTILINE)


@pytest.mark.parametrize("case", CASES)
def test_a_mistake_is_told_as_it_is_written_down(case: str) -> None:
    said = said_of(MISTAKES / case)
    assert said == (MISTAKES / case / "expected.txt").read_text(encoding="utf-8")
    assert case.split("-", maxsplit=1)[0] in said


def test_every_code_of_a_config_has_a_case() -> None:
    coded = {case.split("-")[0] for case in CASES}
    of_config = {code for code in explanations() if code.startswith("LD1")}
    assert of_config - coded == OF_A_COMMAND


if __name__ == "__main__":
    for case in CASES:
        (MISTAKES / case / "expected.txt").write_text(said_of(MISTAKES / case), encoding="utf-8")
