"""May touch: tmp_path, .ladle/stage and Node (jsii). Templates are asserted; nothing is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.synth import moving
from tests.synth.repository import MakeSynth, Synth, synthesize


@pytest.fixture(autouse=True, scope="session")
def _no_validation() -> None:
    """CDK's own validation takes seconds a synth; scripts/check runs it once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDK_VALIDATION", "false")


@pytest.fixture
def synth(tmp_path: Path, root: Path) -> MakeSynth:
    """``synth(fraud=MODEL, embedded=True)``: the templates of a repository with that model."""

    def of(*, embedded: bool = False, **configs: str) -> Synth:
        return synthesize(tmp_path, root, configs, embedded=embedded)

    return of


@pytest.fixture(scope="session")
def moved(tmp_path_factory: pytest.TempPathFactory, root: Path) -> moving.Moved:
    """Seconds of work: whoever asks for it belongs to the group ``moving``."""
    return moving.move(tmp_path_factory.mktemp("moving"), root, moving.MOVES)
