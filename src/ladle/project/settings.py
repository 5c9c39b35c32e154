"""What a repository says in ``[tool.ladle]`` of its pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

from ladle.errors import LadleError

CODEBUILD = "codebuild"


def setting(start: Path, name: str) -> str | None:
    """Of the nearest pyproject.toml that has it."""
    for folder in (start.resolve(), *start.resolve().parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            found = tomllib.loads(path.read_text("utf-8")).get("tool", {}).get("ladle", {})
            if name in found:
                return str(found[name])
    return None


def builds_elsewhere(start: Path) -> bool:
    """Whether images are built by the platform's own project. Raises LD264 for another word."""
    wanted = setting(start, "builds")
    if wanted not in (None, CODEBUILD):
        raise LadleError(
            "LD264",
            f"builds = {wanted!r} of [tool.ladle] is nobody who builds images",
            f'write builds = "{CODEBUILD}"; without it the engine of this machine builds',
        )
    return wanted == CODEBUILD
