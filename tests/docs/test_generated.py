"""What is made from the code is in step with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_nothing_that_is_generated_is_stale(root: Path) -> None:
    command = [sys.executable, str(root / "scripts" / "_generate.py"), "--check"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
