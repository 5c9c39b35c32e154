"""What a machine and an account have, judged: fine, worth a warning, or in the way of a deploy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Protocol

from ladle.catalog import Arch, Target, Tracing
from ladle.planning.limits import NEAR
from ladle.planning.quotas import Quota, Used
from ladle.targets.lambda_function import INIT_S

OLDEST_NODE, SUPPORTED_NODE = 18, 22
OLDEST_PYTHON = (3, 11)
START_ENGINE = {
    "docker": "sudo systemctl start docker",
    "finch": "finch vm start",
    "podman": "podman machine start",
}
OLDEST_BOOTSTRAP = 6  # the first whose roles the CDK's deploys of today can take


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Health:
    """``mend`` is one command, or one thing to do where no command does it; None when all is well."""

    name: str
    state: State
    said: str
    mend: str | None = None

    def to_json(self) -> dict[str, str | None]:
        return asdict(self)


def fine(name: str, said: str) -> Health:
    return Health(name, State.OK, said)


def warning(name: str, said: str, mend: str) -> Health:
    return Health(name, State.WARNING, said, mend)


def failure(name: str, said: str, mend: str) -> Health:
    return Health(name, State.FAILURE, said, mend)


# The machine


def node(version: str | None) -> Health:
    """``version`` as ``node --version`` prints it."""
    install = f"nvm install {SUPPORTED_NODE}"
    if version is None:
        return failure("Node.js", "not found; the CDK's command line runs on it", install)
    found = re.match(r"v?(\d+)", version)
    major = int(found[1]) if found else 0
    if major < OLDEST_NODE:
        return failure("Node.js", f"{version} is too old for the CDK's command line", install)
    if major < SUPPORTED_NODE:
        return warning("Node.js", f"{version} works, but gets no fixes any more", install)
    return fine("Node.js", version)


def cdk(found: str | None, wanted: str) -> Health:
    name, install = "CDK CLI", f"npm install aws-cdk@{wanted}"
    if found is None:
        return failure(name, "not installed in this repository", install)
    if found != wanted:
        return warning(name, f"{found}; Ladle is tested with {wanted}", install)
    return fine(name, found)


def python(version: tuple[int, int]) -> Health:
    shown = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return failure("Python", f"{shown} is too old", "PYTHON=python3.13 scripts/setup")
    return fine("Python", shown)


def git(version: str | None, in_repository: bool) -> Health:
    if version is None:
        return failure(
            "Git", "not found; releases are told by their commit", "sudo apt-get install git"
        )
    if not in_repository:
        return warning("Git", f"{version}, but this is no Git repository", "git init")
    return fine("Git", version)


def engine(
    running: str | None, stopped: Sequence[str], images: Sequence[str], elsewhere: bool = False
) -> Health:
    """``running`` and ``stopped`` are container engines, ``images`` the models packed as one;
    ``elsewhere``: the platform's project builds them.
    """
    name = "containers"
    if running is not None:
        return fine(name, running)
    if elsewhere:
        return fine(name, "none runs, and none is needed: CodeBuild builds the images")
    if not images:
        return fine(name, "none runs, and none is needed: every model is a zip here")
    who = f"{', '.join(images)} would be packed as an image"
    if stopped:
        return failure(name, f"{stopped[0]} does not run; {who}", START_ENGINE[stopped[0]])
    mend = 'write builds = "codebuild" under [tool.ladle] of pyproject.toml, or install Docker'
    return failure(name, f"no Docker, Finch or Podman; {who}", mend)


# The account


class Account(Protocol):
    """What is asked of an account; ``quota``, by code or name, is None where it does not tell."""

    def account(self) -> str: ...

    def bootstrap(self) -> int | None: ...

    def quota(self, service: str, which: str) -> float | None: ...


def bootstrap(version: int | None, account: str, region: str) -> Health:
    name, mend = "bootstrap", f"npx cdk bootstrap aws://{account}/{region}"
    if version is None:
        return failure(name, f"the CDK was never bootstrapped in {account}/{region}", mend)
    if version < OLDEST_BOOTSTRAP:
        return failure(name, f"version {version} is too old", mend)
    return fine(name, f"version {version} in {account}/{region}")


def quota(row: Quota, allowed: float | None, models: Used) -> Health:
    name, needed = "quota", row.needed(models)
    ask = row.ask(max(1, round(needed * 2)))
    if allowed is None:
        return warning(name, f"{row.what}: the account does not say", ask)
    said = f"{row.what}: {needed:,.4g} of {allowed:,.5g}"
    if needed > allowed:
        return failure(name, said, ask)
    return warning(name, said, ask) if needed > NEAR * allowed else fine(name, said)


# The models


def wheels(model: str, missing: str | None, arch: Arch, tracing: Tracing = Tracing.NONE) -> Health:
    """A zip holds its wheels; ``missing`` says which were never brought, None when all are there."""
    name = f"wheels {model}"
    if missing is None:
        return fine(name, f"all there, for {arch}")
    option = " --arm64" if arch is Arch.ARM64 else ""
    option += " --otlp" if tracing is Tracing.OTLP else ""
    return failure(name, missing, f"scripts/setup{option}")


def absent(name: str, said: str) -> Health:
    """What a model keeps of an earlier Ladle: a deploy looks for it in the store."""
    return warning(name, said, "ladle plan, which fetches it; or ladle upgrade")


def serving(model: str, start_s: float, peak_mb: float, memory_mb: int, target: Target) -> Health:
    """A serving process that has started and not yet answered; only a function's init has an end."""
    name = f"model {model}"
    of = f" of {INIT_S:g}" if target is Target.LAMBDA else ""
    said = f"starts in {start_s:.1f} s{of}, peak {peak_mb:,.0f} MB of {memory_mb:,}"
    if peak_mb > memory_mb:
        wanted = -(-peak_mb * 1.3 // 64) * 64
        return failure(name, said, f"write compute: {{memory_mb: {wanted:.0f}}} in its model.yaml")
    if peak_mb > NEAR * memory_mb:
        return warning(name, said, f"ladle plan --explain (compute.memory_mb is {memory_mb})")
    if target is Target.LAMBDA and start_s > INIT_S:
        return warning(name, f"{said}; a function's init has no more", f"ladle dev {model}")
    return fine(name, said)
