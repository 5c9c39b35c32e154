"""``scripts/live``: what only AWS can show is asked of AWS, by section or by id.

With ``LADLE_WORKSPACE=embedded:`` the checks that make sense there are asked of the embedded AWS,
which proves the checks.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from tests.live import leavings
from tests.live.checks import CHECKS, Check, Needs
from tests.live.page import rows
from tests.live.run import Run, clean, find, place_of, play, say, whisper
from tests.live.sections import GROUPS

from ladle.aws.account_facts import AwsAccount
from ladle.aws.session import AwsSession
from ladle.cli.confirm import confirm
from ladle.errors import ExitCode, LadleError, NeedsCredentials, UsageError
from ladle.wiring import DEFAULT_URL, open_account

ROOT = Path(__file__).parents[2]
MODULES = (
    *("deploying", "traffic", "watching", "door", "images", "store"),
    *("sagemaker", "between", "serverless", "async", "training", "ecs"),
    *("moving", "moving_endpoints", "prices", "ending"),
)
for _module in MODULES:
    import_module(f"tests.live.ask_{_module}")


def chosen(names: Sequence[str]) -> list[Check]:
    """In the order in which they must be asked. Raises LD803 for what is none."""
    wanted = list(names)
    if "all" in wanted:
        wanted = list(GROUPS)
    sections = {s for name in wanted if name in GROUPS for s in GROUPS[name].sections}
    known = {*GROUPS, *CHECKS, *(check.section for check in CHECKS.values())}
    if unknown := [name for name in wanted if name not in known]:
        raise UsageError(
            "LD803",
            f"nothing is called {', '.join(unknown)}",
            f"all, {', '.join(GROUPS)}, or an id of docs/live-checks.md",
        )
    return [c for c in CHECKS.values() if c.id in wanted or c.section in {*sections, *wanted}]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/live", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all, {', '.join(GROUPS)}, an id")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--list", action="store_true", help="say what would be asked, and end")
    parser.add_argument("--clean", metavar="RUN", help="take away what a run has left")
    parser.add_argument("--gpu", action="store_true", help="the account may start GPU machines")
    parser.add_argument(
        "--base-images", action="store_true", help="Docker here can pull public.ecr.aws"
    )
    parser.add_argument(
        "--training-image", metavar="URI", default="", help="of this account, with Python 3.11"
    )
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if given.clean:
        run = find(ROOT, given.clean)
        _signed_in(run.url)
        clean(run, ROOT, whisper)
        return ExitCode.OK
    checks = chosen(given.names or ["all"])
    about = {row.id: row for row in rows()}
    if given.list:
        for check in checks:
            say(f"{'asks' if check.ask else 'hand':5} {check.id:26} {about[check.id].belief}")
        return ExitCode.OK
    url = os.environ.get("LADLE_WORKSPACE", "")
    _signed_in(url)
    run = Run(secrets.token_hex(2), url)
    whisper(_estimate(run, checks))
    confirm("Begin?", given.yes, "this spends money")
    has = {need for need in Needs if getattr(given, need.replace("-", "_"))}
    with place_of(run, ROOT, whisper) as place:
        place.training_image = given.training_image
        counts = play(checks, about, place, has, say)
    say(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return ExitCode.FINDING if counts["FAIL"] else ExitCode.OK


def _signed_in(url: str) -> None:
    """Raises LD241 without credentials, LD243 with another account's."""
    if url == DEFAULT_URL:
        return
    if not url.startswith("aws://"):
        raise NeedsCredentials(
            "LD241",
            "what only AWS can show needs an account that may break, and LADLE_WORKSPACE names none",
            "sign in, then LADLE_WORKSPACE=aws://<account>/<region>; with embedded: the checks "
            "themselves are tried on this machine",
        )
    account = open_account(url)
    if account is None or account.account() != url.removeprefix("aws://").partition("/")[0]:
        raise NeedsCredentials(
            "LD243", f"the credentials are not those of {url}", "switch AWS_PROFILE"
        )


def _estimate(run: Run, checks: Sequence[Check]) -> str:
    """Raises LD803 where a run could take away what is not its own."""
    if run.url == DEFAULT_URL:
        return f"run {run.id} on the embedded AWS of this machine: {len(checks)} checks, no cost"
    _free(run.url)
    asked = {check.section for check in checks if check.ask}
    groups = [group for group in GROUPS.values() if asked & set(group.sections)]
    minutes = sum(group.minutes for group in groups)
    usd = sum(group.usd for group in groups)
    return (
        f"run {run.id} in {run.url}: {len(checks)} checks, at most {minutes} minutes and about "
        f"{usd:.2f} USD\nall that it makes is deleted at the end; after a crash: "
        f"scripts/live --clean {run.id}"
    )


def _free(url: str) -> None:
    session = AwsSession(url.rpartition("/")[2])
    if not leavings.is_free(session):
        raise UsageError(
            "LD803",
            f"Ladle is in {url} already, and a run deletes its own store and tables at the end",
            "name an account or a region without it",
        )
    if AwsAccount(session).bootstrap() is None:
        raise UsageError("LD803", f"the CDK was never bootstrapped in {url}", "npx cdk bootstrap")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except LadleError as error:
        whisper(f"{error}\n  help: {error.finding.fix}")
        sys.exit(error.exit_code)
