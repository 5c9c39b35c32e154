"""The checker is checked: mistakes planted one at a time, nearly all of which a test must notice.

Prints which test noticed each; docs/benchmarks.md quotes the sum.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gate.planting import (
    OF_QUALITY,
    OF_RELEASES,
    all_planted,
    copied,
    first_failure,
    noticed_by,
)

pytestmark = [pytest.mark.gate, pytest.mark.timeout(2 * 3600)]

AT_LEAST = 40
UNNOTICED_AT_MOST = 2


def test_nearly_every_planted_mistake_is_noticed(root: Path, tmp_path: Path) -> None:
    tree = copied(root, tmp_path)
    assert first_failure(tree, OF_QUALITY + OF_RELEASES) is None, "it fails without a mistake"
    planted, unnoticed = all_planted(root), []
    for number, mistake in enumerate(planted, 1):
        noticed = noticed_by(mistake, tree)
        unnoticed += [] if noticed else [mistake.name]
        print(f"{number}/{len(planted)} {mistake.name}: {noticed or 'NOT NOTICED'}", flush=True)
    print(f"{len(planted) - len(unnoticed)} of {len(planted)} noticed; not: {unnoticed}")
    assert len(planted) >= AT_LEAST
    assert len(unnoticed) <= UNNOTICED_AT_MOST
