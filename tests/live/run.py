"""A run asks its checks one after the other, says what each found, and cleans up whatever happened."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from tests.live import leavings
from tests.live.checks import Check, Needs
from tests.live.page import Row
from tests.live.place import Place

from ladle.aws.session import AwsSession
from ladle.embedded import lifecycle
from ladle.embedded.demo.workshop import Workshop
from ladle.errors import LadleError, UsageError
from ladle.wiring import DEFAULT_URL

WIDTH = max(len("deploying.another-account"), 26)
# What a check may meet: a belief that does not hold, a command that fails, an answer of AWS's.
FOUND_FALSE = (
    AssertionError,
    LadleError,
    ClientError,
    BotoCoreError,
    OSError,
    LookupError,
    ValueError,
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What ``--clean`` must know of a run that was cut off; lies in its folder."""

    id: str
    url: str

    def folder(self, root: Path) -> Path:
        return root / ".ladle" / "live" / self.id

    def keep(self, root: Path) -> None:
        folder = self.folder(root)
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(asdict(self)) + "\n")


def find(root: Path, id_: str) -> Run:
    try:
        return Run(**json.loads((Run(id_, "").folder(root) / "run.json").read_text()))
    except OSError as error:
        there = sorted(path.parent.name for path in (root / ".ladle/live").glob("*/run.json"))
        raise UsageError(
            "LD803",
            f"no run {id_} was begun in this checkout",
            f"those that left something: {', '.join(there) or 'none'}",
        ) from error


@contextmanager
def place_of(run: Run, root: Path, say: Say) -> Iterator[Place]:
    """The platform, deployed for this run; all of it is gone afterwards."""
    run.keep(root)
    try:
        said = (run.folder(root) / "said.log").open("a")
        with said:
            shop = Workshop.clone(
                root, run.folder(root) / "repository", lambda line: print(line, file=said)
            )
            shop.environment["LADLE_WORKSPACE"] = run.url
            shutil.rmtree(shop.root / "model_packages")
            cloud = lifecycle.up(shop.root) if run.url == DEFAULT_URL else None
            place = Place(run.id, run.url, shop, cloud)
            place.platform()
            leavings.mark(place.session, run.id)
            yield place
    finally:
        clean(run, root, say)


def clean(run: Run, root: Path, say: Say) -> None:
    """Raises LD252 with what could not be deleted."""
    folder = run.folder(root)
    if run.url == DEFAULT_URL:
        lifecycle.down(folder / "repository")
        left = []
    else:
        left = leavings.clean(AwsSession(run.url.rpartition("/")[2]), run.id, say)
    if left:
        raise LadleError(
            "LD252",
            "this is still there:\n  " + "\n  ".join(left),
            f"mend what it names, then: scripts/live --clean {run.id}",
        )
    shutil.rmtree(folder)
    say(f"nothing of run {run.id} is left")


def play(
    checks: Sequence[Check], rows: Mapping[str, Row], place: Place, has: set[Needs], say: Say
) -> Counter[str]:
    """How many passed, failed, were skipped, and are left to a person."""
    counts: Counter[str] = Counter()
    for check in checks:
        verdict, evidence = _ask(check, rows[check.id], place, has)
        counts[verdict] += 1
        say(f"{verdict:5} {check.id:{WIDTH}} {evidence}")
    return counts


def _ask(check: Check, row: Row, place: Place, has: set[Needs]) -> tuple[str, str]:
    if check.ask is None:
        return "hand", f"{check.by_hand}: {row.how}"
    if place.embedded and not check.here:
        return "skip", f"only AWS can say: {row.why}"
    if check.needs not in (None, *has):
        return "skip", f"needs --{check.needs}"
    try:
        return "pass", check.ask(place)
    except FOUND_FALSE as error:
        first = (str(error) or type(error).__name__).strip().splitlines()[0]
        return "FAIL", f"{row.belief}: {first}"


def say(line: str) -> None:
    print(line, flush=True)


def whisper(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
