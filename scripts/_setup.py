"""A step runs again only when what it is made from changed: its fingerprint lies in .ladle/setup/.

Standard library only, since it makes the environment that everything else runs in.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
OLDEST_NODE = 20
TICK_S = 1.9
BOTOCORE_DATA = frozenset(
    "s3 dynamodb lambda cloudwatch logs sns sts secretsmanager cloudformation ssm events".split()
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
    """One thing that setup makes. ``makes`` must exist, ``sources`` are what it is made from."""

    name: str
    makes: Path
    sources: tuple[Path, ...]
    run: Callable[[Step], None]

    @property
    def log(self) -> Path:
        return STATE / f"{self.makes.name}.log"

    @property
    def stamp(self) -> Path:
        return STATE / f"{self.makes.name}.stamp"

    def fingerprint(self) -> str:
        made_with = hashlib.sha256(f"1 {ROOT} {sys.version} {self.makes}".encode())
        for source in self.sources:
            made_with.update(source.read_bytes())
        return made_with.hexdigest()

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
    pip = [ROOT / ".venv" / "bin" / "python", "-m", "pip"]
    step.call(*pip, "install", "--no-deps", "--no-build-isolation", "--editable", ".")


def make_embedded_venv(step: Step) -> None:
    make_venv(step, ROOT / ".venv-embedded", ROOT / "locks" / "embedded.txt")


def make_node_modules(step: Step) -> None:
    step.call("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def stage_wheels(step: Step) -> None:
    """Installs a lock into a folder that a zip asset can copy: no network at synth."""
    part, python, machine = step.makes.name.split("-")
    fresh = step.makes.with_name(f".{step.makes.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    python_with_pip = ROOT / ".venv-embedded" / "bin" / "python"
    pip = [python_with_pip, "-m", "pip", "install", "--require-hashes", "--no-compile"]
    lock = ROOT / "locks" / f"{part}-{python}.txt"
    step.call(*pip, *wheel_tags(python, machine), "--target", fresh, "-r", lock)
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
    """Cold starts three times faster. Only that very Python can; without it, sources serve too."""
    other = shutil.which(f"python{python[2]}.{python[3:]}")
    interpreter = sys.executable if python == HOST else other
    if interpreter is None or not runs(interpreter):
        return
    how = ["-m", "compileall", "-q", "-s", folder, "--invalidation-mode", "unchecked-hash"]
    with contextlib.suppress(StepFailed):  # a package may carry files of another Python's grammar
        step.call(interpreter, *how, folder)


def runs(interpreter: str) -> bool:
    asked = subprocess.run(
        [interpreter, "-c", ""], check=False, capture_output=True, env=ENVIRONMENT
    )
    return asked.returncode == 0


# The list, and how it is walked


def lanes(machines: list[str]) -> list[list[Step]]:
    """Two lanes for two cores; within a lane in order."""
    locks, here = ROOT / "locks", Path(__file__)
    npm = (ROOT / "package.json", ROOT / "package-lock.json")
    dev = (locks / "dev.txt", ROOT / "pyproject.toml")
    main = [
        Step(".venv (Ladle and its tools)", ROOT / ".venv", dev, make_main_venv),
    ]
    beside = [
        Step("node_modules (CDK CLI)", ROOT / "node_modules", npm, make_node_modules),
        Step(
            ".venv-embedded (embedded AWS)",
            ROOT / ".venv-embedded",
            (locks / "embedded.txt",),
            make_embedded_venv,
        ),
    ]
    names = dict.fromkeys([(HOST, MACHINE), *((AWS, machine) for machine in machines)])
    for python, machine in names:
        for part in ("function", "platform"):
            name = f"{part}-{python}-{machine}"
            lock = locks / f"{part}-{python}.txt"
            if lock.exists():
                step = Step(f"wheels {name}", WHEELS / name, (lock, here), stage_wheels)
                beside.append(step)
    return [main, beside]


class Progress:
    """One line per step, and a tick while it lasts: never silent for more than two seconds."""

    def __init__(self) -> None:
        self.running: dict[str, float] = {}
        self.over = threading.Event()
        self.last_said = time.monotonic()

    def say(self, text: str) -> None:
        self.last_said = time.monotonic()
        print(text, file=sys.stderr, flush=True)

    def tick(self) -> None:
        while not self.over.wait(0.1):
            if self.running and time.monotonic() - self.last_said > TICK_S:
                now = time.monotonic()
                names = (f"{name} {now - begun:.0f} s" for name, begun in [*self.running.items()])
                self.say(f"        … {' · '.join(names)}")

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        ticker = threading.Thread(target=self.tick, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            self.over.set()
            ticker.join()


def walk(lane: list[Step], progress: Progress) -> None:
    for step in lane:
        if step.is_done():
            continue
        begun = progress.running[step.name] = time.monotonic()
        step.stamp.unlink(missing_ok=True)
        step.log.unlink(missing_ok=True)
        try:
            step.run(step)
        except (StepFailed, OSError) as error:
            refuse(
                "LD704",
                f"setup could not make {step.name}: {error}.",
                f"the end of its log is below; then run scripts/setup again.\n{tail(step.log)}",
            )
        finally:
            del progress.running[step.name]
        step.stamp.write_text(step.fingerprint())
        progress.say(f"{time.monotonic() - begun:6.1f} s  {step.name}")


def tail(log: Path, lines: int = 15) -> str:
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])


def refuse(code: str, what: str, fix: str) -> None:
    print(f"{code} {what}\n  help: {fix}", file=sys.stderr, flush=True)
    sys.exit(1)


def require_node() -> None:
    node = shutil.which("node")
    if node is None:
        refuse(
            "LD701",
            "Node.js is missing, and the CDK CLI that deploys your stacks runs on it.",
            "install Node.js 22 or later (20 works), then run scripts/setup again.",
        )
    if shutil.which("npm") is None:
        refuse(
            "LD702",
            "npm is missing, and it installs the CDK CLI from package-lock.json.",
            "install npm (it comes with Node.js), then run scripts/setup again.",
        )
    version = subprocess.check_output([str(node), "--version"], text=True)
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        refuse(
            "LD701",
            f"Node.js {version.strip()} is too old for the CDK CLI.",
            "install Node.js 22 or later (20 works), then run scripts/setup again.",
        )


@contextlib.contextmanager
def alone(progress: Progress) -> Iterator[None]:
    with (STATE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.running["another scripts/setup is at work here"] = time.monotonic()
            fcntl.flock(lock, fcntl.LOCK_EX)
            progress.running.clear()
        yield


def main(arguments: list[str]) -> None:
    machines = ["x86_64", "arm64"] if "--arm64" in arguments else ["x86_64"]
    work = lanes(machines)
    if all(step.is_done() for lane in work for step in lane):
        return
    require_node()
    STATE.mkdir(parents=True, exist_ok=True)
    WHEELS.mkdir(exist_ok=True)
    progress, begun = Progress(), time.monotonic()
    with progress.watch(), alone(progress), ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(walk, lane, progress) for lane in work]:
            done.result()
    progress.say(f"{time.monotonic() - begun:6.1f} s  set up: .venv/bin/ladle is ready")


if __name__ == "__main__":
    main(sys.argv[1:])
