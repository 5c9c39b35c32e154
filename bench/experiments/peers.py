"""Who is measured: Ladle from this checkout, and DVC from an environment of its own and its lock."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from processes import Cost, cost_of

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "locks" / "bench-experiments.txt"
VENV = ROOT / ".venv-bench"
LADLE = Path(sys.executable).with_name("ladle")
_QUIET = {"DVC_NO_ANALYTICS": "1", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": ""}


def make_venv() -> None:
    """From the lock, when it changed."""
    stamp, wanted = VENV / "lock", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("making .venv-bench (DVC), about a minute", file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    install = [VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r"]
    subprocess.run([*install, LOCK], check=True)
    stamp.write_text(wanted)


@dataclass(frozen=True, slots=True)
class Ladle:
    """A repository with an empty store in a folder."""

    folder: Path

    @classmethod
    def fresh(cls, folder: Path) -> Ladle:
        (folder / "model_packages" / "bench").mkdir(parents=True)
        return cls(folder)

    def run(self, *words: str, workspace: str = "dir:store") -> Cost:
        settings = {**os.environ, **_QUIET, "LADLE_WORKSPACE": workspace}
        return cost_of([str(LADLE), *words], self.folder, settings)

    def forget(self) -> None:
        """Everything that was hashed, so that the next run is a first one."""
        shutil.rmtree(self.folder / ".ladle", ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Dvc:
    """A Git repository, as DVC's own guide begins, with caches of its own."""

    folder: Path

    @classmethod
    def fresh(cls, folder: Path) -> Dvc:
        folder.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        made = cls(folder)
        made.run("init", "--quiet")
        for name in ("core.analytics", "core.check_update"):
            made.run("config", name, "false")
        return made

    def run(self, *words: str) -> Cost:
        own = {name: str(self.folder / ".dvc" / "own") for name in _DVC_FOLDERS}
        settings = {**os.environ, **_QUIET, **own}
        return cost_of([str(VENV / "bin" / "dvc"), *words], self.folder, settings)

    def forget(self) -> None:
        for name in ("cache", "own", "tmp"):
            shutil.rmtree(self.folder / ".dvc" / name, ignore_errors=True)
        for path in self.folder.glob("[!.]*.dvc"):
            path.unlink()


_DVC_FOLDERS = ("DVC_SITE_CACHE_DIR", "DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR")
