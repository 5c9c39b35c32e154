"""docs/plan.md shows what `ladle plan` really says of the model that `ladle init` writes."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

_BLOCK = re.compile(r"```text\n.*?```", re.DOTALL)
_DIGEST = re.compile(r"\b[0-9a-f]{12}\b")  # of code that every edit changes


def plan_page(page: Path) -> str:
    """Only its first block of text is generated."""
    said = _DIGEST.sub("…", _planned())
    return _BLOCK.sub(lambda _: f"```text\n{said}```", page.read_text(encoding="utf-8"), count=1)


def _planned() -> str:
    with tempfile.TemporaryDirectory() as folder:
        _ladle(folder, "init", "iris")
        return _ladle(folder, "plan")


def _ladle(folder: str, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "ladle", *words],
        cwd=folder,
        env={"LADLE_WORKSPACE": "dir:store", "PATH": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
