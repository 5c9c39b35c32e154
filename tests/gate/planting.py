"""Mistakes planted one at a time in a copy of the code, and the tests that should notice."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The fast ones first: most mistakes are noticed within seconds.
OF_RELEASES = (
    "tests/unit/releases/test_table.py",
    "tests/unit/releases/test_rollouts.py",
    "tests/unit/releases/test_rollbacks.py",
    "tests/unit/releases/test_people.py",
    "tests/unit/releases/test_open_writes.py",
    "tests/unit/releases/test_deploy_log.py",
    "tests/unit/releases/test_waking.py",
    "tests/unit/releases/test_waking_in_trouble.py",
    "tests/unit/releases/test_holding.py",
    "tests/unit/releases/test_returning.py",
    "tests/unit/releases/test_regressing.py",
    "tests/unit/releases/test_doubting.py",
    "tests/unit/releases/test_stopping.py",
    "tests/unit/releases/test_moving.py",
    "tests/unit/releases/test_behind_one_door.py",
    "tests/unit/controller/test_watching_quarantine.py",
    "tests/unit/quality/test_labelled_traffic.py",
    "tests/unit/simulation",
    "tests/unit/releases/test_interleavings.py",
    "tests/unit/releases/test_simulation.py",
)
OF_QUALITY = (
    "tests/unit/quality/test_event_share.py",
    "tests/unit/quality/test_evidence.py",
    "tests/unit/quality/test_pairing.py",
    "tests/unit/quality/test_latency.py",
    "tests/unit/quality/test_rate_bound.py",
    "tests/unit/quality/test_outcomes.py",
    "tests/unit/quality/test_sealed_id.py",
    "tests/unit/quality/test_count_labels.py",
    "tests/unit/quality/test_delivery.py",
    "tests/unit/quality/test_labelled_traffic.py",
    "tests/unit/quality/test_checked_track.py",
    "tests/unit/quality",
    "tests/unit/simulation",
)
COPIED = ("src/ladle", "tests/unit", "tests/conftest.py", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Planted:
    """``before`` stands once in ``file`` (below src/ladle) and is replaced by ``after``."""

    name: str
    why: str
    file: str
    before: str
    after: str

    @property
    def suite(self) -> Sequence[str]:
        return OF_QUALITY if self.file.startswith("quality/") else OF_RELEASES


def all_planted(root: Path) -> list[Planted]:
    found = []
    for path in sorted((root / "tests/gate/planted").glob("*.toml")):
        for name, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
            found.append(Planted(name, **row))
    return found


def copied(root: Path, to: Path) -> Path:
    """What the tests of decisions need, apart from the checkout."""
    for name in COPIED:
        source, target = root / name, to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy2(source, target)
    return to


def noticed_by(planted: Planted, tree: Path) -> str | None:
    """The test that fails on ``tree`` with the mistake in it; None when none does."""
    path = tree / "src/ladle" / planted.file
    sound = path.read_text(encoding="utf-8")
    assert sound.count(planted.before) == 1, f"{planted.name}: its text is not there once"
    path.write_text(sound.replace(planted.before, planted.after), encoding="utf-8")
    try:
        return first_failure(tree, planted.suite)
    finally:
        path.write_text(sound, encoding="utf-8")


def first_failure(tree: Path, suite: Sequence[str]) -> str | None:
    options = ("-x", "-q", "--timeout=120", "--tb=no", "-p", "no:cacheprovider")
    done = subprocess.run(
        [
            "env",
            f"PYTHONPATH={tree / 'src'}",
            sys.executable,
            "-B",
            "-m",
            "pytest",
            *options,
            *suite,
        ],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return lines[0].split(" - ")[0] if lines else "the tests did not end"
