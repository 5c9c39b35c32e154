"""``ladle destroy MODEL``: what serves a model goes; what was learnt with it stays."""

from __future__ import annotations

import getpass
from contextlib import suppress
from pathlib import Path

from ladle import names
from ladle.actions.read_status import known_state
from ladle.cli.asking import hear
from ladle.cli.confirm import confirm
from ladle.cli.deployment import Deployment
from ladle.cli.locks import unlock
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson, ModelName, Reason, Yes
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle.policy.statuses import Phase
from ladle.project.repository import find_root
from ladle.releases.events import Ask, PersonAsked
from ladle.wiring import open_stacks, open_workspace, workspace_url

GOES = (
    "its address and every published version",
    "its log, its alarms and its roles",
)


def destroy(
    model: ModelName,
    reason: Reason = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Take a model down. Experiments, history and the copies of its models stay."""
    here = Path.cwd()
    url = workspace_url(here)
    workspace = open_workspace(url, here)
    stacks = open_stacks(url, here)
    stack = names.model_stack(model)
    state = workspace.ledger.load(model)
    if not stacks.exists(stack):
        known_state(workspace, model)
    survivors = _survivors(model)
    say(f"{model} now: {state.traffic or 'no traffic'}")
    say("".join(["this goes:", *(f"\n  {what}" for what in (*GOES, f"the stack {stack}"))]))
    say("".join(["this stays:", *(f"\n  {what}" for what in survivors)]))
    confirm(f"Take {model} down?", yes, "callers get no answer from then on")
    if state.phase is not Phase.EMPTY:
        message = PersonAsked(Ask.REMOVE, by=getpass.getuser(), reason=reason)
        hear(workspace, model, message, SystemClock())
    stacks.remove(stack)
    _unlock(here, url, model)
    if as_json:
        answer_json({"model": model, "stack": stack, "stays": list(survivors)})
    else:
        answer(f"{model} is down. Its package in model_packages/ would bring it back: ladle deploy")


def _unlock(here: Path, url: str, model: str) -> None:
    """A later deploy may put it anywhere."""
    with suppress(LadleError):  # outside of any repository nothing is locked
        for place in unlock(model, Deployment(find_root(here), url)):
            say(f"{model}  pinned.json locks nothing of it at {place} any more: commit it")


def _survivors(model: str) -> tuple[str, ...]:
    return (
        "its experiments in the store (ladle log; ladle gc frees what none needs)",
        f"the copies of its models under release/{model}/ of the store",
        "its history, its deploy log and what is quarantined (ladle history)",
        "counters and labels, until they expire",
    )
