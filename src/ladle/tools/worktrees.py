"""A commit of the repository, checked out in a folder of its own and taken away again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

# No program that the repository names is run by a checkout.
_HARMLESS = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")


def add_worktree(folder: Path, place: Path, commit: str) -> Path | None:
    """Checks ``commit`` out at ``place``; where ``folder`` is below it, None when it cannot be."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        return None
    place.parent.mkdir(parents=True, exist_ok=True)
    if _git(folder, "worktree", "add", "--detach", str(place), commit) is None:
        return None
    return folder.resolve().relative_to(Path(os.fsdecode(top).strip()).resolve())


def apply_patch(place: Path, patch: bytes) -> bool:
    """Whether what was not committed could be brought into the checkout at ``place``."""
    return _git(place, "apply", "--binary", "--whitespace=nowarn", "-", stdin=patch) is not None


def remove_worktree(folder: Path, place: Path) -> None:
    """Idempotent."""
    if place.exists():
        _git(folder, "worktree", "remove", "--force", str(place))
        shutil.rmtree(place, ignore_errors=True)
        _git(folder, "worktree", "prune")


def _git(folder: Path, *words: str, stdin: bytes = b"") -> bytes | None:
    """What it prints; None when there is no git or it fails."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GIT_TRACE")}
    try:
        done = subprocess.run(
            ["git", *_HARMLESS, *words],
            cwd=folder,
            env={**inherited, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            input=stdin,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
