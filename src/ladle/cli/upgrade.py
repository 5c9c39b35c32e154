"""``ladle upgrade``: the next deploy serves a model with the runtime that this Ladle brings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.cli.deployment import Deployment, Found, deployment_of
from ladle.cli.locks import known_locks
from ladle.cli.output import answer, answer_json, say
from ladle.cli.plan import inspect
from ladle.cli.switches import AsJson, Environment
from ladle.errors import UsageError
from ladle.policy.lock import Runtime
from ladle.project import kept_runtimes
from ladle.project.pinned_lock import write_lock
from ladle.project.repository import find_root
from ladle.project.services import Locks, kept, named, read_configs, read_service
from ladle.wiring import open_workspace


@dataclass(frozen=True, slots=True)
class _Move:
    """``kept`` is None for a model that was never deployed there. ``makes_release`` is False when
    nothing that differs between the two runtimes reaches the model.
    """

    model: str
    kept: Runtime | None
    ours: Runtime
    makes_release: bool

    @property
    def is_one(self) -> bool:
        return self.kept is not None and self.kept.digest != self.ours.digest


def upgrade(
    model: Annotated[str | None, typer.Argument(help="The model; or --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Each model of the repository.")] = False,
    environment: Environment = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do; write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Move a model to the serving runtime of this Ladle: the next deploy makes one new release."""
    if (model is None) is not every:
        raise UsageError("LD817", "which model?", "name one, or write --all")
    root = find_root(Path.cwd())
    everything = read_configs(root, environment)
    found = everything if model is None else named(everything, [model])
    to = deployment_of(root, everything, environment)
    locks = known_locks(found, to, open_workspace(to.url, root).ledger)
    moves = list(_moved(found, to, locks, dry_run))
    if as_json:
        answer_json({"dry_run": dry_run, "models": [_row(move) for move in moves]})
    else:
        answer("\n".join(f"{move.model}  {_said(move)}" for move in moves))
    if any(move.is_one for move in moves) and not dry_run:
        say("next: commit pinned.json, then ladle deploy")


def _moved(found: Found, to: Deployment, locks: Locks, dry_run: bool) -> Iterator[_Move]:
    ours, root, cloud = kept_runtimes.installed(), to.root, to.cloud
    for package, config in found:
        lock = kept(package, config, cloud, to.environment, locks)
        if lock is None or lock.runtime is None or lock.runtime.digest == ours.digest:
            yield _Move(config.name, lock.runtime if lock else None, ours, makes_release=False)
            continue
        newer = replace(lock, runtime=ours)
        differs = True  # where the older one is lost, nobody can tell
        if kept_runtimes.is_here(root, lock.runtime):
            before, after = (
                read_service(package, config, cloud, inspect, root, each).release_digest
                for each in (lock, newer)
            )
            differs = before != after
        yield _Move(config.name, lock.runtime, ours, differs)
        if not dry_run:
            write_lock(package, to.place, newer)


def _said(move: _Move) -> str:
    if move.kept is None:
        return f"nothing is kept of an earlier release: the next one takes the runtime {move.ours}"
    if not move.is_one:
        return f"unchanged: it has the runtime {move.ours}"
    makes = "the next deploy makes one new release, tried like any other"
    if not move.makes_release:
        makes = "nothing of what differs reaches it, so no release is made"
    return f"runtime {move.kept} → {move.ours}: {makes}"


def _row(move: _Move) -> dict[str, Any]:
    return {
        "model": move.model,
        "from": move.kept and asdict(move.kept),
        "to": asdict(move.ours),
        "upgrades": move.is_one,
        "makes_release": move.makes_release,
    }
