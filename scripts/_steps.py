"""What scripts/setup makes, each from a lock. A step knows when what it is made from changed.

Standard library only, since it makes the environment that everything else runs in.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".ladle" / "setup"
WHEELS = ROOT / ".ladle" / "wheels"
HOST = f"py{sys.version_info.major}{sys.version_info.minor}"
AWS = "py313"
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
MACHINE = MACHINES.get(platform.machine().lower(), platform.machine().lower())
LAMBDA_GLIBCS = range(28, 16, -1)  # Amazon Linux 2023 loads wheels built for glibc 2.17 to 2.28
# Of AWS's services those that functions ask; tests/boundaries/test_setup.py compares it with their code.
BOTOCORE_DATA = frozenset(
    [
        "apigateway",
        "apigatewayv2",
        "application-autoscaling",
        "budgets",
        "cloudformation",
        "cloudwatch",
        "dynamodb",
        "ecs",
        "elbv2",
        "events",
        "lambda",
        "logs",
        "s3",
        "sagemaker",
        "sagemaker-runtime",
        "secretsmanager",
        "sns",
        "ssm",
        "sts",
    ]
)
ENVIRONMENT = {
    **os.environ,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
}


class StepFailed(Exception):
    """A step's command failed; its output lies in the step's log."""


@dataclass(frozen=True)
class Step:
    """One thing that setup makes: ``makes`` must exist, and be made from ``made_from``."""

    name: str
    makes: Path
    made_from: bytes
    run: Callable[[Step], None]

    @property
    def log(self) -> Path:
        return STATE / f"{self.makes.name}.log"

    @property
    def stamp(self) -> Path:
        return STATE / f"{self.makes.name}.stamp"

    def fingerprint(self) -> str:
        made_with = f"1 {ROOT} {sys.version} {self.makes} ".encode()
        return hashlib.sha256(made_with + self.made_from).hexdigest()

    def is_done(self) -> bool:
        return (
            self.makes.exists()
            and self.stamp.exists()
            and self.stamp.read_text() == self.fingerprint()
        )

    def call(self, *command: str | Path) -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(
                command, cwd=ROOT, env=ENVIRONMENT, stdout=log, stderr=log, check=False
            )
        if done.returncode:
            raise StepFailed(f"`{Path(command[0]).name}` ended with status {done.returncode}")


# What each step does


def make_venv(step: Step, venv: Path, lock: Path) -> None:
    python = venv / "bin" / "python"
    if not is_venv_of_this_python(venv):
        step.call(sys.executable, "-m", "venv", "--clear", venv)
    # Python compiles what it imports, when it first does: half the time of an install.
    step.call(python, "-m", "pip", "install", "--no-compile", "--require-hashes", "-r", lock)


def is_venv_of_this_python(venv: Path) -> bool:
    """A checkout that moved, or another Python, needs a new one: scripts hold absolute paths."""
    settings, pip = venv / "pyvenv.cfg", venv / "bin" / "pip"
    return (
        settings.exists()
        and f"version = {platform.python_version()}\n" in settings.read_text()
        and pip.exists()
        and pip.read_text().startswith(f"#!{venv}/bin/python")
    )


def make_main_venv(step: Step) -> None:
    make_venv(step, ROOT / ".venv", ROOT / "locks" / "dev.txt")
    pip: list[str | Path] = [ROOT / ".venv" / "bin" / "python", "-m", "pip"]
    step.call(*pip, "install", "--no-deps", "--no-build-isolation", "--editable", ".")


def make_embedded_venv(step: Step) -> None:
    make_venv(step, ROOT / ".venv-embedded", ROOT / "locks" / "embedded.txt")


def make_node_modules(step: Step) -> None:
    step.call("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def stage_wheels(step: Step) -> None:
    """Installs a lock into a folder that a zip asset can copy: no network at synth."""
    part, python, machine = step.makes.name.rsplit("-", 2)
    fresh = step.makes.with_name(f".{step.makes.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    python_with_pip = ROOT / ".venv-embedded" / "bin" / "python"
    pip: list[str | Path] = [
        python_with_pip,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-compile",
    ]
    for lock in part.split("-"):
        pip += ["-r", ROOT / "locks" / f"{lock}-{python}.txt"]
    step.call(*pip, *wheel_tags(python, machine), "--target", fresh)
    drop_what_no_function_reads(fresh)
    compile_bytecode(step, fresh, python)
    shutil.rmtree(step.makes, ignore_errors=True)
    fresh.rename(step.makes)


def wheel_tags(python: str, machine: str) -> list[str]:
    if python == HOST and machine == MACHINE and sys.platform != "linux":
        return ["--only-binary=:all:"]
    arch = {"arm64": "aarch64"}.get(machine, machine)
    platforms = [f"--platform=manylinux_2_{glibc}_{arch}" for glibc in LAMBDA_GLIBCS]
    platforms.append(f"--platform=manylinux2014_{arch}")
    return ["--only-binary=:all:", f"--python-version={python[2]}.{python[3:]}", *platforms]


def drop_what_no_function_reads(folder: Path) -> None:
    """Tests, console scripts (they name this machine's Python), service models we never call."""
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for tests in [found for found in folder.rglob("tests") if found.is_dir()]:
        shutil.rmtree(tests, ignore_errors=True)
    for record in folder.glob("*.dist-info/RECORD"):
        record.unlink()
    data = folder / "botocore" / "data"
    for entry in data.iterdir() if data.exists() else ():
        if entry.is_dir() and entry.name not in BOTOCORE_DATA:
            shutil.rmtree(entry)


def compile_bytecode(step: Step, folder: Path, python: str) -> None:
    """Cold starts at less than half the price. Only that very Python can; without it, sources serve too."""
    other = shutil.which(f"python{python[2]}.{python[3:]}")
    interpreter = sys.executable if python == HOST else other
    if interpreter is None or not runs(interpreter):
        version = f"{python[2]}.{python[3:]}"
        print(
            f"no python{version} here: zips for it hold no bytecode: a cold start costs more than twice"
        )
        return
    how: list[str | Path] = [
        "-m",
        "compileall",
        "-q",
        "-s",
        folder,
        "--invalidation-mode",
        "unchecked-hash",
    ]
    with contextlib.suppress(StepFailed):  # a package may carry files of another Python's grammar
        step.call(interpreter, *how, folder)


def runs(interpreter: str) -> bool:
    asked = subprocess.run(
        [interpreter, "-c", ""], check=False, capture_output=True, env=ENVIRONMENT
    )
    return asked.returncode == 0
