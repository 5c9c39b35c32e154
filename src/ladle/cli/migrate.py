"""``ladle migrate``: the next deploys move a model to another target, behind the door that it has."""

from __future__ import annotations

import getpass
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from ladle import names
from ladle.actions import move_model
from ladle.actions.read_status import known_state
from ladle.cli.asking import hear
from ladle.cli.deployment import Deployment, deployment_of
from ladle.cli.locks import known_locks
from ladle.cli.output import answer, answer_json, say
from ladle.cli.plan import inspect
from ladle.config.schema import ModelConfig
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError, UsageError
from ladle.planning.resolve import Cloud, refuse_embedded
from ladle.planning.service_spec import Left
from ladle.policy.lock import Home, Lock
from ladle.ports import Workspace
from ladle.project.kept_runtimes import installed
from ladle.project.left_file import left_path, write_left
from ladle.project.pinned_lock import write_lock
from ladle.project.repository import ModelPackage, find_root
from ladle.project.services import kept, named, read_configs, read_service
from ladle.releases.events import Ask, PersonAsked
from ladle.releases.state import ReleaseState
from ladle.wiring import open_stacks, open_workspace


@dataclass(frozen=True, slots=True)
class _Here:
    """What a move is decided by."""

    package: ModelPackage
    config: ModelConfig
    deployment: Deployment
    workspace: Workspace
    state: ReleaseState
    unheard: int
    lock: Lock


@dataclass(frozen=True, slots=True)
class _Move:
    """What is to be written; ``asks`` is the home of which the ledger must let go before that, ``note`` what
    callers may notice.
    """

    lock: Lock
    text: str
    left: Left | None = None
    asks: Home | None = None
    note: str | None = None


def migrate(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="TARGET",
            help="Begin a move to lambda, zip, image, ecs, sagemaker or sagemaker-serverless.",
        ),
    ] = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="What was left goes with the next deploy.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="What the model moved to goes with the next deploy.")
    ] = False,
    environment: Annotated[
        str | None, typer.Option("--env", help="The environment of model.yaml to move it in.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Move a model to another target, behind the door that it has: writes what the next deploy does."""
    if [to is not None, finish, undo].count(True) != 1:
        raise UsageError("LD818", "which move?", "write one of --to TARGET, --finish and --undo")
    here = _here(model, environment)
    move = _begin(here, to) if to else _finish(here) if finish else _undo(here)
    if not dry_run:
        _carry_out(move, here)
    _tell(move, here, dry_run, as_json)


def _here(model: str, environment: str | None) -> _Here:
    root = find_root(Path.cwd())
    everything = read_configs(root, environment, moving=model)
    found = named(everything, [model])
    to = deployment_of(root, everything, environment)
    workspace = open_workspace(to.url, root)
    state = known_state(workspace, model)
    [(package, config)] = found
    locks = known_locks(found, to, workspace.ledger)
    lock = kept(package, config, to.cloud, environment, locks, may_move=True)
    if lock is None:
        raise LadleError(
            "LD281",
            f"{model} was deployed before it was kept how its function is packed",
            "deploy it once, then move it",
        )
    unheard = len(workspace.inbox.pending(model))
    return _Here(package, config, to, workspace, state, unheard, lock)


def _begin(here: _Here, to: str) -> _Move:
    at, model = here.deployment, here.config.name
    destination = move_model.destination(to, here.config, at.cloud)
    deployed = open_stacks(at.url, at.root).resources(names.model_stack(model))
    door = move_model.led_door(model, deployed)
    begun = move_model.begin(here.state, here.unheard, here.lock, destination, door)
    new = move_model.able_to_count_on(begun, installed())
    move_model.refuse_unfit(here.config, new)
    spec = read_service(here.package, here.config, at.cloud, inspect, at.root, new)
    if at.cloud is Cloud.EMBEDDED:
        refuse_embedded([spec])
    text = (
        f"moves from {move_model.Destination(here.lock.target, here.lock.packaging)} to {destination}: "
        f"the next deploy makes release {new.base + 1} there, and leads the door to it at once and whole"
    )
    note = move_model.routes_note(here.lock.target, new.target)
    return _Move(new, text, left=move_model.left_of(model, here.lock.home, deployed), note=note)


def _finish(here: _Here) -> _Move:
    new = move_model.finish(here.state, here.unheard, here.lock)
    text = f"runs on {new.target} alone: what is left on {_left(here).target} goes with the next deploy"
    return _Move(new, text, asks=_left(here))


def _undo(here: _Here) -> _Move:
    undone = move_model.undo(here.state, here.unheard, here.lock)
    new = move_model.able_to_count_on(undone, installed())
    text = f"stays on {new.target}: what came on {here.lock.target} goes with the next deploy"
    if new.leaves is not None:
        text += f", which makes release {new.base + 1} in a new function; then --finish"
    return _Move(new, text, asks=here.lock.home)


def _left(here: _Here) -> Home:
    return here.lock.leaves or here.lock.home


def _carry_out(move: _Move, here: _Here) -> None:
    """The ledger first: what it still may go back to must not go with the next deploy."""
    model, place = here.config.name, here.deployment.place
    if move.asks is not None and move_model.knows(here.state, move.asks):
        message = PersonAsked(Ask.LEAVE, by=getpass.getuser(), to=move.asks.base)
        hear(here.workspace, model, message, SystemClock())
    if move.left is not None:
        write_left(here.package, place, move.left)
    write_lock(here.package, place, move.lock)


def _tell(move: _Move, here: _Here, dry_run: bool, as_json: bool) -> None:
    model, place = here.config.name, here.deployment.place
    files = [here.package.pinned, left_path(here.package, place)]
    shown = [str(path.relative_to(here.deployment.root)) for path in files]
    if as_json:
        lock = {**asdict(move.lock), "grants": list(move.lock.grants)}
        told = {"text": move.text, "note": move.note, "lock": lock, "files": shown}
        answer_json({"model": model, "dry_run": dry_run, **told})
        return
    answer(f"{model}  {move.text}")
    if move.note is not None:
        say(f"note: {move.note}")
    if not dry_run:
        commits = here.deployment.cloud is Cloud.AWS
        say(
            f"next: commit {' and '.join(shown)}, then ladle deploy"
            if commits
            else "next: ladle deploy"
        )
