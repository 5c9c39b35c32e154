"""A step runs again only when what it is made from changed: its fingerprint lies in .ladle/setup/.

Standard library only, since it makes the environment that everything else runs in.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import _steps
from _steps import AWS, HOST, MACHINE, ROOT, STATE, WHEELS, Step, StepFailed

OLDEST_NODE = 20
TICK_S = 1.9


def lanes(machines: list[str], parts: list[str]) -> list[list[Step]]:
    """Two lanes for two cores; within a lane in order. ``parts`` name the locks of functions."""
    locks, staging = ROOT / "locks", Path(_steps.__file__).read_bytes()
    npm = (ROOT / "package.json").read_bytes() + (ROOT / "package-lock.json").read_bytes()
    dev = (locks / "dev.txt").read_bytes() + distribution()
    embedded = (locks / "embedded.txt").read_bytes()
    main = [
        Step(".venv (Ladle and its tools)", ROOT / ".venv", dev, _steps.make_main_venv),
    ]
    beside = [
        Step("node_modules (CDK CLI)", ROOT / "node_modules", npm, _steps.make_node_modules),
        Step(
            ".venv-embedded (embedded AWS)",
            ROOT / ".venv-embedded",
            embedded,
            _steps.make_embedded_venv,
        ),
    ]
    names = dict.fromkeys([(HOST, MACHINE), *((AWS, machine) for machine in machines)])
    for python, machine in names:
        for part in parts:
            name = f"{part}-{python}-{machine}"
            wanted = [locks / f"{each}-{python}.txt" for each in part.split("-")]
            if all(lock.exists() for lock in wanted):
                made_from = b"".join(lock.read_bytes() for lock in wanted) + staging
                step = Step(f"wheels {name}", WHEELS / name, made_from, _steps.stage_wheels)
                beside.append(step)
    return [main, beside]


def distribution() -> bytes:
    """What of pyproject.toml an editable install is made from; the rest is settings of tools."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [settings["project"], settings["build-system"], settings["tool"]["hatch"]]
    return json.dumps(parts, sort_keys=True).encode()


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
    parts = ["function", "platform", *(["function-otlp"] if "--otlp" in arguments else [])]
    work = lanes(machines, parts)
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
