"""Leaves a person's wish in the inbox, tells how it goes, and answers when it is done."""

from __future__ import annotations

import getpass
from pathlib import Path

from ladle.actions.ask import POLL_S, answers, ask, is_heard
from ladle.actions.read_status import known_state
from ladle.cli.output import answer, answer_json, say
from ladle.cli.release_words import record_json, state_json
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle.ports import Clock, Workspace
from ladle.releases.effects import Record, RecordKind
from ladle.releases.events import Ask, PersonAsked
from ladle.releases.state import ReleaseState
from ladle.why.words import span
from ladle.wiring import open_workspace

PATIENCE_S = 180.0
SAY_EVERY_S = 5.0


def workspace_here() -> Workspace:
    """Where this folder's models are deployed to; an emergency needs no repository."""
    return open_workspace(None, Path.cwd())


def tell_controller(
    workspace: Workspace,
    model: str,
    what: Ask,
    reason: str,
    to: int | None = None,
    digest: str | None = None,
    as_json: bool = False,
) -> None:
    """Raises LD511 when nobody answers in time, LD512 when the answer is no."""
    clock = SystemClock()
    began = clock.now()
    message = PersonAsked(what, by=getpass.getuser(), reason=reason, to=to, digest=digest)
    state = hear(workspace, model, message, clock)
    if as_json:
        rows = answers(model, message, began, workspace.ledger)
        answer_json({**state_json(state), "records": [record_json(row) for row in rows]})
    else:
        took = span(clock.now() - began)
        answer(f"{model}  {state.phase}  {state.traffic or 'no traffic'}  (after {took})")


def hear(workspace: Workspace, model: str, message: PersonAsked, clock: Clock) -> ReleaseState:
    """The state when all that was asked is done; each row of history is told on the way."""
    known_state(workspace, model)
    began = clock.now()
    message_id = ask(model, message, workspace.inbox, clock)
    rows = _answer(workspace, model, message, message_id, began, clock)
    if rows and rows[0].kind is RecordKind.REFUSED:
        raise LadleError("LD512", rows[0].text, f"ladle status {model} says where it is")
    return _settled(workspace, model, began, clock)


def _answer(
    workspace: Workspace,
    model: str,
    message: PersonAsked,
    message_id: str,
    began: float,
    clock: Clock,
) -> list[Record]:
    said_at = began
    while not is_heard(model, message_id, workspace.inbox):
        if clock.now() - began > PATIENCE_S:
            raise LadleError(
                "LD511",
                f"the controller did not hear it within {PATIENCE_S:.0f} s; "
                f"the wish stays in its inbox as {message_id}",
                "see the log of the function ladle-controller; it wakes each minute",
            )
        if clock.now() - said_at >= SAY_EVERY_S:
            said_at = clock.now()
            say(f"  {span(said_at - began)}: waiting for the controller")
        clock.sleep(POLL_S)
    return list(answers(model, message, began, workspace.ledger))


def _settled(workspace: Workspace, model: str, began: float, clock: Clock) -> ReleaseState:
    """When the alias reads as decided; each new row of history is told."""
    told = 0
    while True:
        state = workspace.ledger.load(model)
        rows = workspace.ledger.records(model, began)
        for row in rows[told:]:
            say(f"  {row.text}")
        told = len(rows)
        if state.intent is None or clock.now() - began > PATIENCE_S:
            return state
        clock.sleep(POLL_S)
