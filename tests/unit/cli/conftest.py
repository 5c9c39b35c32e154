"""The digits package in a repository of its own, with its workspace in a folder beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def here(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(root / "model_packages" / "digits", tmp_path / "model_packages" / "digits")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LADLE_WORKSPACE", "dir:store")
    return tmp_path
