"""``python -m ladle.embedded.demo [--json] [--keep]``: plays the story and takes all down again."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from ladle.actions.behind_one_door import BehindOneDoor
from ladle.aws.workspace import aws_workspace
from ladle.disk.clock import SystemClock
from ladle.embedded import lifecycle
from ladle.embedded.demo.console import Console
from ladle.embedded.demo.report import write_page
from ladle.embedded.demo.story import (
    STAGES,
    Story,
    cloud_printer,
    deploy_platform,
    make_traffic,
    session_of,
)
from ladle.embedded.demo.summary import closing_words, summary, try_next
from ladle.embedded.demo.workshop import Workshop
from ladle.errors import ExitCode, LadleError


def main() -> int:
    """Returns the exit code; ends everything that it started, whatever happens."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Play the whole loop.")
    parser.add_argument("--json", action="store_true", help="print one object at the end")
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    options = parser.parse_args()
    clock = SystemClock()
    console = Console(clock, sys.stderr if options.json else sys.stdout)
    checkout = Path.cwd()
    root = checkout / ".ladle" / "demo" / "repository"
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a kill cleans up like Ctrl-C
    lifecycle.down(root)  # an earlier demo that was kept
    kept = False
    try:
        story = play(checkout, root, console)
        console.say(closing_words(story, console.results))
        if options.json:
            sys.stdout.write(json.dumps(summary(story, console.results), indent=2) + "\n")
        kept = options.keep
        if kept:
            console.say(try_next(story))
        return int(ExitCode.OK)
    except LadleError as error:
        kept = options.keep
        console.say(f"{error}\n  help: {error.finding.fix}")
        return int(error.exit_code)
    except KeyboardInterrupt:
        console.say("interrupted; taking everything down")
        return int(ExitCode.INTERRUPTED)
    finally:
        if not kept:
            lifecycle.down(root)
        console.end()


def play(checkout: Path, root: Path, console: Console) -> Story:
    """All stages in order; an error of one ends the story."""
    clock = SystemClock()
    printer = cloud_printer(console)
    with console.stage("start", "start the embedded AWS; deploy the platform with the CDK"):
        console.doing("git clone")
        shop = Workshop.clone(checkout, root, printer)
        console.doing("starting the emulator and the front door")
        cloud = lifecycle.up(root)
        console.say(f"   embedded AWS (MiniStack) at {cloud.endpoint}, door at {cloud.door}")
        deploy_platform(cloud, shop, console)
    story = Story(
        shop=shop,
        console=console,
        clock=clock,
        cloud=cloud,
        workspace=aws_workspace(session_of(cloud), "embedded:", clock, BehindOneDoor),
        traffic=make_traffic(cloud, root, clock),
    )
    try:
        for name, title, stage in STAGES:
            with console.stage(name, title):
                stage(story)
    finally:
        story.traffic.stop()
    with console.stage("report", "a page of what happened"):
        story.page = write_page(story, checkout / ".ladle" / "demo" / "report.html")
        console.say(f"   {story.page.relative_to(checkout)}: open it in a browser")
    return story


if __name__ == "__main__":
    sys.exit(main())
