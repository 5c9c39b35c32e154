"""A template changes when somebody means it: each golden pair is read by a person in a review."""

from __future__ import annotations

import pytest
from tests.synth.golden import FOLDER, goldens


def test_templates_are_those_that_were_reviewed(
    tmp_path_factory: pytest.TempPathFactory, subtests: pytest.Subtests
) -> None:
    for path, content in goldens(tmp_path_factory.mktemp("golden")):
        with subtests.test(str(path.relative_to(FOLDER))):
            assert path.read_text() == content, "if you mean it: python -m tests.synth.golden"
