"""The checker is checked: each mistake, planted alone in a copy of the code, is noticed by a test.

`scripts/gate planted -k NAME` plants one. Prints which test noticed it; docs/benchmarks.md quotes the sum.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gate.planting import (
    OF_QUALITY,
    OF_RELEASES,
    Planted,
    all_planted,
    copied,
    first_failure,
    noticed_by,
)

pytestmark = [pytest.mark.gate, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(ROOT, tmp_path_factory.mktemp("planted"))


@pytest.mark.parametrize("mistake", all_planted(ROOT), ids=lambda mistake: mistake.name)
def test_a_planted_mistake_is_noticed(mistake: Planted, tree: Path) -> None:
    noticed = noticed_by(mistake, tree)
    print(f"{mistake.name}: {noticed or 'NOT NOTICED'}", flush=True)
    assert noticed is not None, mistake.why


def test_without_a_mistake_nothing_fails(tree: Path) -> None:
    assert first_failure(tree, OF_QUALITY + OF_RELEASES) is None
