"""The Docker engine of this machine, through the same command line that the CDK builds with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

# What every target leaves a process: no privilege, and nothing to write to but what is mounted.
_CONFINED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
# What Lambda leaves a function beside it: no disk but /tmp, no swap, 1,024 files or processes.
FUNCTION = (
    "--tmpfs=/tmp:size=512m",
    "--ulimit=nofile=1024:1024",
    "--pids-limit=1024",
    "--network=host",
)
_LABEL = "ladle.test"


class EngineError(Exception):
    """A docker command failed; its output says why."""


@dataclass(frozen=True)
class Base:
    """``stand_in`` says what it is in place of, empty for Lambda's own."""

    name: str
    stand_in: str


@dataclass(frozen=True)
class Ending:
    """How a container ended, in the engine's words."""

    status: int
    out_of_memory: bool


@dataclass(frozen=True)
class Container:
    id: str

    def lives(self) -> bool:
        return _docker("inspect", "--format={{.State.Running}}", self.id).strip() == "true"

    def lines(self) -> list[str]:
        return _docker("logs", self.id).splitlines()

    def run(self, code: str) -> str:
        """What ``code`` prints, as Python beside the function."""
        return _docker("exec", self.id, "python", "-c", code)

    def kill(self, signal: str = "KILL") -> None:
        _docker("kill", f"--signal={signal}", self.id)

    def ending(self) -> Ending:
        """Waits for it."""
        status = int(_docker("wait", self.id))
        killed = _docker("inspect", "--format={{.State.OOMKilled}}", self.id).strip()
        return Ending(status, killed == "true")

    def remove(self) -> None:
        """With the folder that it could write."""
        _docker("rm", "--force", "--volumes", self.id)


def no_engine() -> str | None:
    """Why no image can be built here; None when one can."""
    if shutil.which("docker") is None:
        return "there is no docker command"
    try:
        _docker("version")
    except EngineError:
        return "no Docker engine answers on DOCKER_HOST or the default socket"
    return None


def base_of(dockerfile: Path, python: str) -> str:
    text = dockerfile.read_text()
    name = re.search(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    variant = re.search(r"^FROM \$\{BASE\}:\$\{PYTHON\}(\S*)$", text, re.MULTILINE)
    assert name is not None
    assert variant is not None
    return f"{name[1]}:{python}{variant[1]}"


def find_base(dockerfile: Path, python: str) -> Base | None:
    """The image that the Dockerfile starts from, if the engine has it."""
    name = base_of(dockerfile, python)
    try:
        labels = configuration(name)["Labels"] or {}
    except EngineError:
        return None
    return Base(name, labels.get("ladle.stand-in", ""))


def configuration(image: str) -> Mapping[str, Any]:
    """What is written in it for whoever starts it."""
    described: Mapping[str, Any] = json.loads(_docker("image", "inspect", image))[0]["Config"]
    return described


def build(context: Path, name: str, python: str, base: Base) -> str:
    """As the CDK calls it; a stand-in must be accepted, and holds all wheels, so it needs no network.

    The last image of a name is kept, which makes the next build short.
    """
    accepted = ["--build-arg=STAND_IN=accepted", "--network=none"] if base.stand_in else []
    asked = [f"--build-arg=PYTHON={python}", "--platform=linux/amd64", *accepted]
    _docker("build", *asked, f"--label={_LABEL}", f"--tag={name}", str(context))
    _docker("image", "prune", "--force", f"--filter=label={_LABEL}")
    return name


def start(
    image: str,
    environment: Mapping[str, str],
    memory_mb: int,
    options: Sequence[str] = FUNCTION,
    words: Sequence[str] = (),
) -> Container:
    """``words`` are what the image's own command is replaced with."""
    limits = [f"--memory={memory_mb}m", f"--memory-swap={memory_mb}m"]
    variables = [f"--env={name}={value}" for name, value in environment.items()]
    asked = [*_CONFINED, *options, *limits, *variables, image, *words]
    return Container(_docker("run", "--detach", *asked).strip())


def _docker(*words: str) -> str:
    done = subprocess.run(
        [*_docker_command(), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if words[0] == "logs" else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EngineError(f"docker {words[0]}: {done.stdout[-2000:]}{(done.stderr or '')[-2000:]}")
    return done.stdout


@cache
def _docker_command() -> Sequence[str]:
    """A docker command without the buildx plug-in can only use the engine's own builder."""
    plugin = subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False)
    return ["env", "DOCKER_BUILDKIT=0", "docker"] if plugin.returncode else ["docker"]
