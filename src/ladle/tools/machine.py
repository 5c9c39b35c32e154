"""Which programs a deploy would find on this machine, with their versions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ENGINES = ("docker", "finch", "podman")
_PATIENCE_S = 10.0


def version_of(program: str) -> str | None:
    """Its last word on ``--version``; None when it is not there or does not answer."""
    said = _said(program, "--version")
    return said.split()[-1] if said else None


def engines() -> tuple[str | None, Sequence[str]]:
    """The first container engine that runs, and those that are installed and do not."""
    installed = [engine for engine in ENGINES if shutil.which(engine)]
    stopped: list[str] = []
    for engine in installed:
        if _said(engine, "info") is not None:
            return f"{engine} {version_of(engine) or ''}".rstrip(), stopped
        stopped.append(engine)
    return None, stopped


def cdk_version(root: Path) -> str | None:
    """Of the command line that a deploy of this repository would run."""
    for folder in (root, *root.parents, Path(sys.prefix).parent):
        package = folder / "node_modules" / "aws-cdk" / "package.json"
        if package.is_file():
            return str(json.loads(package.read_text(encoding="utf-8"))["version"])
    return None


def in_git(root: Path) -> bool:
    return _said("git", "-C", str(root), "rev-parse", "--git-dir") is not None


def _said(*command: str) -> str | None:
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
        )
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
