"""Local images under the names of Lambda's Python base and the server's: stand-ins, and nobody can
mistake them.

They are Debian with Debian's Python, the function's with the real runtime client, and the wheels of
the locks, so that the real Dockerfiles build with no network at all. They prove the Dockerfiles and
what they start under a container's limits. They prove nothing about Amazon Linux 2023: another C
library, another build of Python, no runtime interface emulator. Whatever is built on one must say
that it accepts a stand-in (``--build-arg STAND_IN=accepted``), so no deployment gets it by accident.
"""

from __future__ import annotations

import hashlib
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

IMAGES = ROOT / "runtime" / "ladle_runtime" / "images"
DOCKERFILES = {"function": IMAGES / "Dockerfile", "server": IMAGES / "server" / "Dockerfile"}

DOCKERFILE = """\
FROM scratch AS debian
ADD debian.tar /
COPY wheels /opt/wheels
RUN python3 -m venv /var/lang \\
    && printf '[global]\\nno-index = true\\nfind-links = /opt/wheels\\n' > /var/lang/pip.conf
ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1
LABEL ladle.stand-in="Debian {suite} in the place of {tag}" ladle.stand-in.made-from="{made_from}"

FROM debian AS server
{guard}

FROM debian AS function
RUN pip install -q --no-deps {client} \\
    && printf '#!/bin/sh\\nexec python -m awslambdaric "$@"\\n' > /lambda-entrypoint.sh \\
    && chmod 755 /lambda-entrypoint.sh && mkdir -p /var/task
ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime
WORKDIR /var/task
ENTRYPOINT ["/lambda-entrypoint.sh"]
{guard}
"""
GUARD = """\
ONBUILD ARG STAND_IN=refused
ONBUILD RUN test "$STAND_IN" = accepted \\
    || { echo "this base is Debian, a stand-in: see scripts/stand-in-base" >&2; exit 1; }"""


def main(python: str = DEFAULT_PYTHON, *mirror: str) -> None:
    if python not in SUITES:
        refuse(f"no Debian release holds Python {python}", f"choose one of: {', '.join(SUITES)}")
    require_tools()
    begun, wanted = time.monotonic(), made_from(python)
    tags = {part: base_of(dockerfile, python) for part, dockerfile in DOCKERFILES.items()}
    if all(label_of(tag) == wanted for tag in tags.values()):
        say(f"{' and '.join(tags.values())}: here, and of these locks.", begun)
        return
    state = ROOT / ".ladle" / "stand-in"
    state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=state) as context:
        download_wheels(Path(context) / "wheels", python)
        say(f"{SUITES[python]}: unpacking Debian (a minute, by its mirror)", begun)
        root_file_system(Path(context) / "debian.tar", SUITES[python], mirror)
        for part, tag in tags.items():
            say(f"building {tag}", begun)
            build(Path(context), part, tag, SUITES[python], wanted)
    say(f"made STAND-INS: Debian {SUITES[python]}, not Amazon Linux 2023.", begun)
    print(
        f"  They show that the Dockerfiles build and what they start runs under a container's limits;\n"
        f"  what only Amazon Linux can show is listed in docs/live-checks.md.\n"
        f"  To remove them: docker image rm {' '.join(tags.values())}",
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


def base_of(dockerfile: Path, python: str) -> str:
    """The Dockerfile says it, so that the two cannot differ."""
    text = dockerfile.read_text(encoding="utf-8")
    name = re.search(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    variant = re.search(r"^FROM \$\{BASE\}:\$\{PYTHON\}(\S*)$", text, re.MULTILINE)
    if name is None or variant is None:
        refuse(f"{dockerfile} names no base", "give it `ARG BASE=` and `FROM ${BASE}:${PYTHON}`")
    return f"{name[1]}:{python}{variant[1]}"


def locks(python: str) -> list[Path]:
    tag = "py" + python.replace(".", "")
    return [ROOT / "locks" / f"{part}-{tag}.txt" for part in (*DOCKERFILES, "otlp")]


def made_from(python: str) -> str:
    parts = [Path(__file__), *locks(python)]
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:12]


def label_of(tag: str) -> str:
    """Empty where the engine has no such image, or one that is no stand-in."""
    label = '--format={{index .Config.Labels "ladle.stand-in.made-from"}}'
    found = quietly("docker", "image", "inspect", label, tag)
    return "" if found.returncode else found.stdout.strip()


def download_wheels(folder: Path, python: str) -> None:
    """By hash, from wherever this machine's pip takes packages; the build itself reaches nothing."""
    tag = "py" + python.replace(".", "")
    folder.mkdir()
    client = folder / "client.txt"
    client.write_text(locked(RUNTIME_CLIENT))
    for lock in (*locks(python), client):
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


def build(context: Path, part: str, tag: str, suite: str, wanted: str) -> None:
    text = DOCKERFILE.format(
        client=" ".join(RUNTIME_CLIENT), suite=suite, tag=tag, made_from=wanted, guard=GUARD
    )
    (context / "Dockerfile").write_text(text)
    run(
        *("docker", "build", "--quiet", "--network", "none"),
        *("--target", part, "--tag", tag, str(context)),
    )


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
