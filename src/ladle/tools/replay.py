"""A recorded command runs again in a worktree of its own, and leaves its draft instead of recording."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ladle.errors import LadleError
from ladle.experiments.draft import Draft
from ladle.experiments.manifest import Code, Manifest
from ladle.tools.environment import captured
from ladle.tools.recorded_command import read_draft, run_recorded
from ladle.tools.worktrees import add_worktree, apply_patch, remove_worktree


class GitReplay:
    """The Replay of one repository. ``root`` is its folder with model packages, ``place`` the worktree."""

    def __init__(self, root: Path, place: Path, run_folder: Path) -> None:
        self._root, self._place, self._run_folder = root, place, run_folder
        self._prepared = place

    def prepare(self, commit: str, patch: bytes | None) -> Path:
        below = add_worktree(self._root, self._place, commit)
        if below is None:
            raise LadleError(
                "LD380",
                f"commit {commit[:12]} is not in this repository, or its worktree cannot be made",
                "fetch it: git fetch --all",
            )
        if patch and not apply_patch(self._place, patch):
            raise LadleError(
                "LD380",
                "its uncommitted changes cannot be applied: they had a secret that no record keeps, "
                "or this Git reads them otherwise",
                "ladle show ID --patch prints them",
            )
        self._prepared = self._place / below
        return self._prepared

    def run(self, code: Code, model: str) -> Draft:
        folder = self._run_folder
        argv = [sys.executable if code.argv[0] == "python" else code.argv[0], *code.argv[1:]]
        where = self._prepared / code.folder
        shown = sys.stderr.buffer  # stdout is for the verdict
        status = run_recorded(model, argv, folder, folder / "log", where, shown)
        draft = read_draft(folder) or self._bare_draft(folder.name, code, model)
        outcome = draft.manifest.outcome if status == 0 else "failed"
        return replace(draft, manifest=replace(draft.manifest, outcome=outcome, exit_status=status))

    def _bare_draft(self, name: str, code: Code, model: str) -> Draft:
        """Of a command that does not call ladle.record."""
        return Draft(name, "", Manifest.bare(model, code, captured(self._root), "succeeded"))


@contextlib.contextmanager
def git_replay(root: Path, place: Path, keep: bool) -> Iterator[GitReplay]:
    """The worktree goes with the block, unless ``keep``; what an earlier one left is removed first."""
    remove_worktree(root, place)
    with tempfile.TemporaryDirectory(prefix="ladle-again-") as folder:
        try:
            yield GitReplay(root, place, Path(folder))
        finally:
            if not keep:
                remove_worktree(root, place)
