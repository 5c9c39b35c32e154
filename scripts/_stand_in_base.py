"""A local image under the name of Lambda's Python base: a stand-in, and nobody can mistake it.

It is Debian with Debian's Python, the real runtime client, and the wheels of the function's lock, so
that the real Dockerfile builds with no network at all. It proves the Dockerfile and the handler
under a container's limits. It proves nothing about Amazon Linux 2023: another C library, another
build of Python, no runtime interface emulator. Whatever is built on it must say that it accepts a
stand-in (``--build-arg STAND_IN=accepted``), so no deployment gets it by accident.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from _steps import MACHINE, ROOT, wheel_tags

# Debian's releases by the Python that they hold.
SUITES = {"3.11": "bookworm", "3.13": "trixie"}
DEFAULT_PYTHON = "3.13"  # the one of a model.yaml that names none
PACKAGES = "python3,python3-venv,ca-certificates"
RUNTIME_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
PIP = [str(ROOT / ".venv-embedded" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]

DOCKERFILE = """\
FROM scratch
ADD debian.tar /
COPY wheels /opt/wheels
RUN python3 -m venv /var/lang && /var/lang/bin/pip install -q --no-index --no-deps \\
        --find-links /opt/wheels {client} \\
    && printf '#!/bin/sh\\nexec python -m awslambdaric "$@"\\n' > /lambda-entrypoint.sh \\
    && chmod 755 /lambda-entrypoint.sh && mkdir -p /var/task
ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 \\
    LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime \\
    PIP_NO_INDEX=1 PIP_FIND_LINKS=/opt/wheels PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
LABEL ladle.stand-in="Debian {suite} in the place of {tag}"
ONBUILD ARG STAND_IN=refused
ONBUILD RUN test "$STAND_IN" = accepted \\
    || {{ echo "this base is Debian, a stand-in: see scripts/stand-in-base" >&2; exit 1; }}
"""


def main(python: str = DEFAULT_PYTHON, *mirror: str) -> None:
    if python not in SUITES:
        refuse(f"no Debian release holds Python {python}", f"choose one of: {', '.join(SUITES)}")
    require_tools()
    tag, begun = f"{base_name()}:{python}", time.monotonic()
    state = ROOT / ".ladle" / "stand-in"
    state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=state) as context:
        download_wheels(Path(context) / "wheels", python)
        say(f"{SUITES[python]}: unpacking Debian (a minute, by its mirror)", begun)
        root_file_system(Path(context) / "debian.tar", SUITES[python], mirror)
        say("building the image", begun)
        build(Path(context), tag, SUITES[python])
    say(f"made {tag}, a STAND-IN: Debian {SUITES[python]}, not Amazon Linux 2023.", begun)
    print(
        f"  It shows that the Dockerfile builds and the handler runs under a container's limits;\n"
        f"  what only Amazon Linux can show is listed in docs/live-checks.md.\n"
        f"  To remove it: docker image rm {tag}",
        file=sys.stderr,
    )


def require_tools() -> None:
    if shutil.which("mmdebstrap") is None:
        refuse("mmdebstrap is missing, and it unpacks Debian", "apt install mmdebstrap")
    if shutil.which("docker") is None or quietly("docker", "version").returncode:
        refuse(
            "no Docker engine answers here",
            "start one, name it by DOCKER_HOST, or run `scripts/gate image`, which starts its own",
        )


def base_name() -> str:
    """The Dockerfile says it, so that the two cannot differ."""
    dockerfile = ROOT / "runtime" / "ladle_runtime" / "images" / "Dockerfile"
    found = re.search(r"^ARG BASE=(\S+)$", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        refuse("the Dockerfile names no BASE", f"give {dockerfile.name} its `ARG BASE=` again")
    return found[1]


def download_wheels(folder: Path, python: str) -> None:
    """By hash, from wherever this machine's pip takes packages; the build itself reaches nothing."""
    tag = "py" + python.replace(".", "")
    folder.mkdir()
    client = folder / "client.txt"
    client.write_text(locked(RUNTIME_CLIENT))
    for lock in (ROOT / "locks" / f"function-{tag}.txt", client):
        run(
            *PIP,
            "download",
            "--quiet",
            "--require-hashes",
            "--no-deps",
            *wheel_tags(tag, MACHINE),
            "--dest",
            str(folder),
            "-r",
            str(lock),
        )
    client.unlink()


def locked(names: tuple[str, ...]) -> str:
    """The entries of some packages, hashes and all, out of the development lock."""
    text = (ROOT / "locks" / "dev.txt").read_text(encoding="utf-8")
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    return "".join(e for e in entries if e.split("==")[0] in names)


def root_file_system(tar: Path, suite: str, mirror: tuple[str, ...]) -> None:
    """The same without documentation, manuals and translations: nobody reads them there."""
    leave_out = [
        f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")
    ]
    run(
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--include={PACKAGES}",
        *leave_out,
        suite,
        str(tar),
        *mirror,
    )


def build(context: Path, tag: str, suite: str) -> None:
    text = DOCKERFILE.format(client=" ".join(RUNTIME_CLIENT), suite=suite, tag=tag)
    (context / "Dockerfile").write_text(text)
    run("docker", "build", "--quiet", "--network", "none", "--tag", tag, str(context))


def run(*command: str) -> None:
    done = quietly(*command)
    if done.returncode:
        last = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-15:])
        refuse(f"`{command[0]}` ended with status {done.returncode}", f"its last lines:\n{last}")


def quietly(*command: str) -> subprocess.CompletedProcess[str]:
    """Without the buildx plug-in the docker command line builds by the engine's classic builder."""
    plugin = subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False)
    classic = {"DOCKER_BUILDKIT": "0"} if plugin.returncode else {}
    return subprocess.run(
        command,
        env={**os.environ, **classic},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def say(text: str, begun: float) -> None:
    print(f"{time.monotonic() - begun:6.1f} s  {text}", file=sys.stderr, flush=True)


def refuse(what: str, fix: str) -> NoReturn:
    print(f"scripts/stand-in-base: {what}.\n  help: {fix}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
