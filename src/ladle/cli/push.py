"""``ladle push``: the runs that wait in the outbox reach the store, one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.send_draft import Sent
from ladle.cli.experiment_words import one_line
from ladle.cli.output import answer_json, say, show_findings
from ladle.cli.switches import AsJson
from ladle.disk.outbox import DiskOutbox
from ladle.errors import ExitCode, NotFound
from ladle.experiments.draft import Draft
from ladle.project.repository import find_root
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_sender, workspace_url


def push(
    forget: Annotated[
        str | None, typer.Option(metavar="RUN", help="Let a waiting run go, by its name.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Send the runs that wait in .ladle/outbox: recorded offline, or cut off on their way.

    What the store has already is not sent again.
    """
    root = find_root(Path.cwd())
    outbox = DiskOutbox(root)
    if forget is not None:
        _forget(outbox, forget)
        return int(ExitCode.OK)
    if swept := outbox.sweep():
        say(f"{swept} {'run was' if swept == 1 else 'runs were'} killed before the end: removed")
    here = workspace_url(root)
    waiting = outbox.waiting()
    ours = [draft for draft in waiting if draft.workspace == here]
    sent = []
    if ours:
        for one in open_sender(None, root, TransferProgress()).send_all(ours):
            _tell(one)
            sent.append(one)
    else:
        say("nothing waits to be sent")
    _tell_others([draft for draft in waiting if draft.workspace != here])
    if as_json:
        answer_json(_as_json(sent))
    return int(ExitCode.FINDING if any(s.error for s in sent) else ExitCode.OK)


def _forget(outbox: DiskOutbox, name: str) -> None:
    if name not in [draft.name for draft in outbox.waiting()]:
        raise NotFound("LD375", f"no run {name} waits in .ladle/outbox", "ladle push names them")
    with outbox.held(name) as mine:
        if mine:
            outbox.remove(name)
    say(f"{name} is let go" if mine else f"{name} is being sent at this moment")


def _tell(sent: Sent) -> None:
    if sent.recorded:
        say(f"recorded {one_line(sent.recorded)}")
    if sent.error:
        say(f"{sent.draft.name} still waits:")
        show_findings(sent.error.findings)


def _tell_others(drafts: list[Draft]) -> None:
    for url in sorted({draft.workspace for draft in drafts}):
        count = sum(draft.workspace == url for draft in drafts)
        runs = "1 run waits" if count == 1 else f"{count} runs wait"
        say(f"{runs} for another workspace: LADLE_WORKSPACE={url} ladle push")


def _as_json(sent: list[Sent]) -> dict[str, object]:
    return {
        "recorded": [s.recorded.manifest.id for s in sent if s.recorded],
        "waiting": [
            {"run": s.draft.name, "code": s.error.code, "why": s.error.finding.what}
            for s in sent
            if s.error
        ],
    }
