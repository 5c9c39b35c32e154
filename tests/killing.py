"""Runs a story of ``ladle.testing`` in a process of its own, where forks and audit hooks do no harm."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def points_survived(root: Path, story: str, folder: Path, *arguments: str) -> int:
    """At how many places the story was killed; fails with what was wrong after any of them."""
    command = [sys.executable, "-m", f"ladle.testing.crash_{story}", str(folder), *arguments]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    told = json.loads(ran.stdout)
    assert told["wrong"] == {}
    points: int = told["points"]
    return points
