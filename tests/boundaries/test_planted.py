"""The list of planted mistakes fits the code, and a sample of them is noticed; all: `scripts/gate planted`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.gate.planting import Planted, all_planted, copied, first_failure, noticed_by

ROOT = Path(__file__).resolve().parents[2]
PLANTED = all_planted(ROOT)
# Caught within a second or two: by a table of rules, by a word of a person, by the evidence.
SAMPLE = ("goes_back_to_the_oldest", "lifts_without_a_reason", "forgets_the_peak")
THEIR_TESTS = ("tests/unit/releases/test_rollbacks.py", "tests/unit/releases/test_people.py")


def test_there_are_many_and_each_has_a_name_of_its_own() -> None:
    assert len(PLANTED) >= 40
    assert len({mistake.name for mistake in PLANTED}) == len(PLANTED)


@pytest.mark.parametrize("mistake", PLANTED, ids=lambda mistake: mistake.name)
def test_each_mistake_fits_the_code_and_leaves_python(mistake: Planted, root: Path) -> None:
    sound = (root / "src/ladle" / mistake.file).read_text(encoding="utf-8")
    assert sound.count(mistake.before) == 1
    ast.parse(sound.replace(mistake.before, mistake.after))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_sample_is_noticed_and_the_code_as_it_is_passes(root: Path, tmp_path: Path) -> None:
    tree = copied(root, tmp_path)
    assert first_failure(tree, THEIR_TESTS) is None
    sample = [mistake for mistake in PLANTED if mistake.name in SAMPLE]
    assert len(sample) == len(SAMPLE)
    for mistake in sample:
        assert noticed_by(mistake, tree) is not None, mistake.why
