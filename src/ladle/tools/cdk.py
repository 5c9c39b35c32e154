"""The CDK CLI as a process: what it is called with, and which of its lines a person should read."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ladle.errors import LadleError
from ladle.tools import processes

OLDEST_NODE = 18
AT_ONCE = 4  # stacks: the CDK's command line looks each five seconds whether one is done
_FAILED = re.compile(r"\b(?:CREATE|UPDATE|DELETE)_FAILED\b")
_EVENT = re.compile(
    r"^\s*(?P<stack>\S+)\s*\|\s*[\d/ ]+\|.*?\|\s*(?P<status>[A-Z_]+)\s*\|(?P<what>.*)$"
)
_QUIET = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",  # `ladle doctor` tells, once
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    "CDK_VALIDATION": "false",  # scripts/check validates; here it would cost 7 s a synth
    "NO_COLOR": "1",
}


@dataclass(frozen=True, slots=True)
class CdkEvent:
    """One resource's step, as ``cdk deploy --progress events`` prints it."""

    stack: str
    status: str
    what: str


def parse_event(line: str) -> CdkEvent | None:
    found = _EVENT.match(line)
    if found is None:
        return None
    return CdkEvent(found["stack"], found["status"], " ".join(found["what"].split()))


def find_cdk(root: Path) -> Path:
    """The CDK CLI of the nearest ``node_modules``, else of the one beside the virtual environment
    that runs Ladle. Raises LD701 or LD702 with the mend.
    """
    node = shutil.which("node")
    if node is None:
        raise LadleError(
            "LD701",
            "Node.js is missing, and the AWS CDK's command line needs it",
            "install Node.js 22 or later (https://nodejs.org) and run scripts/setup",
        )
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = re.match(r"v(\d+)", version.stdout)
    if major is None or int(major[1]) < OLDEST_NODE:
        raise LadleError(
            "LD701",
            f"Node.js {version.stdout.strip() or '(unknown)'} is too old for the AWS CDK",
            "install Node.js 22 or later and run scripts/setup",
        )
    for folder in (root, *root.parents, Path(sys.prefix).parent):
        program = folder / "node_modules" / ".bin" / "cdk"
        if program.exists():
            return program
    raise LadleError(
        "LD702",
        "the AWS CDK's command line is not installed in this repository",
        "run scripts/setup in Ladle's checkout, or here: npm install aws-cdk@2.1148.1",
    )


class CdkCli:
    """Runs ``cdk`` in a repository; ``environment`` says which AWS it speaks to.

    ``bootstrap_first`` is asked before a deploy; an account that a person owns is never bootstrapped
    unasked. ``answers`` says whether that AWS is there at all: the CDK tries for a minute and a half.
    """

    def __init__(
        self,
        root: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None] = lambda _: None,
        bootstrap_first: Callable[[], bool] = lambda: False,
        answers: Callable[[], bool] = lambda: True,
    ) -> None:
        self._root = root
        self._bootstrap_first = bootstrap_first
        self._answers = answers
        self._program = find_cdk(root)
        self._on_line = on_line
        self._assembly: Path | None = None  # what a synth has left for the deploys after it
        self._environment = {
            **_QUIET,
            **environment,
            # cdk.json says ``python3 app.py``: let that be the Python that runs now.
            "PATH": f"{Path(sys.executable).parent}:{processes.inherited()['PATH']}",
        }

    def bootstrap(self) -> None:
        """Makes CDK's own bucket and roles in the account; nothing when they are there."""
        home = self._environment
        where = f"aws://{home['CDK_DEFAULT_ACCOUNT']}/{home['CDK_DEFAULT_REGION']}"
        self._run(["bootstrap", where, "--app", ""], "bootstrapping AWS")

    def deploy(self, stacks: Sequence[str], context: Mapping[str, str]) -> None:
        """Raises LD710 with the first failing resource's own reason."""
        if self._bootstrap_first():
            self.bootstrap()
        options = ["--require-approval", "never", "--progress", "events", "--ci"]
        options += ["--concurrency", str(AT_ONCE)]
        if self._assembly is not None:
            options += ["--app", str(self._assembly)]
        else:
            options += _context(context)
        self._run(["deploy", *stacks, *options], "cdk deploy")

    def synthesize(self, context: Mapping[str, str]) -> Path:
        assembly = self._root / ".ladle" / "assembly"
        options = ["--quiet", "--output", str(assembly), *_context(context)]
        self._run(["synth", *options], "cdk synth")
        self._assembly = assembly
        return assembly

    def destroy(self, stacks: Sequence[str], context: Mapping[str, str]) -> None:
        options = ["--force", "--exclusively", "--ci", *_context(context)]
        self._run(["destroy", *stacks, *options], "cdk destroy")

    def _run(self, words: Sequence[str], name: str) -> None:
        lines: list[str] = []
        argv = [str(self._program), *words, "--no-notices"]
        for line in processes.stream(argv, self._root, self._environment, self._answers):
            if isinstance(line, str):
                lines.append(line)
                self._on_line(line)
            elif line != 0 and not self._answers():
                raise LadleError(
                    "LD709",
                    f"{name} was ended: the embedded AWS has stopped answering",
                    "start it again, empty: ladle embedded up. Then deploy again; its last words "
                    "are in .ladle/embedded/emulator.log",
                )
            elif line != 0:
                raise LadleError("LD710", f"{name} failed: {first_failure(lines)}", _mend(lines))


def _context(context: Mapping[str, str]) -> Iterator[str]:
    for key, value in context.items():
        yield from ("--context", f"{key}={value}")


def first_failure(lines: Sequence[str]) -> str:
    """The first failing resource with its reason; else the last lines that say error; else the last."""
    failed = [line for line in lines if _FAILED.search(line)]
    if failed:
        return " ".join(failed[0].split())
    errors = [line for line in lines if re.search(r"error|LD\d{3}|failed", line, re.IGNORECASE)]
    return "\n".join((errors or lines or ["it printed nothing"])[-4:])


def _mend(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    if "has not been bootstrapped" in text or "is it bootstrapped" in text:
        return "bootstrap the account once: cdk bootstrap"
    return "mend what the reason names, then run the same command again: what was done is kept"
