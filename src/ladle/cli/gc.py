"""``ladle gc``: what nobody needs, counted first, then taken, then still to be had back."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions.collect_garbage import CollectPlan, collect, plan_collection, undo_collection
from ladle.cli.experiment_words import size
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson
from ladle.disk.clock import SystemClock
from ladle.errors import UsageError
from ladle.experiments.garbage import DAY_S, CollectPolicy
from ladle.experiments.upkeep import Sweep
from ladle.project.repository import find_root
from ladle.why.words import plural
from ladle.wiring import open_workspace

Days = Annotated[float, typer.Option("--grace", metavar="DAYS", help="Younger objects stay.")]
Retention = Annotated[
    float,
    typer.Option("--retain-deployed", metavar="DAYS", help="Keep what served within so many days."),
]
Age = Annotated[
    float | None,
    typer.Option(
        "--experiments-older-than",
        metavar="DAYS",
        help="Also let go of the data of older experiments; of none by default.",
    ),
]


def gc(
    apply: Annotated[bool, typer.Option("--apply", help="Do it.")] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Bring back what the last one took.")
    ] = False,
    grace: Days = 14.0,
    experiments: Age = None,
    deployed: Retention = 90.0,
    as_json: AsJson = False,
) -> None:
    """Say what no experiment needs; --apply takes it. What was taken can be undone for 30 days."""
    if apply and undo:
        raise UsageError("LD368", "--apply and --undo are opposites", "say one of them")
    workspace = open_workspace(None, find_root(Path.cwd()))
    if undo:
        _answer_sweep(
            undo_collection(workspace, CollectPolicy(), SystemClock().now()),
            "brought back",
            as_json,
        )
        return
    policy = CollectPolicy(
        grace_s=grace * DAY_S,
        deployed_s=deployed * DAY_S,
        experiments_s=None if experiments is None else experiments * DAY_S,
    )
    clock = SystemClock()
    if apply:
        _answer_sweep(collect(workspace, policy, clock, getpass.getuser()), "taken", as_json)
        return
    plan = plan_collection(workspace, policy, clock.now())
    answer_json(_as_json(plan)) if as_json else _tell(plan)


def _answer_sweep(sweep: Sweep, done: str, as_json: bool) -> None:
    if as_json:
        answer_json({"objects": sweep.objects, "bytes": sweep.bytes, "epoch": sweep.epoch})
        return
    answer(f"{plural(sweep.objects, 'object')}, {size(sweep.bytes)} {done}")
    if done == "taken" and sweep.objects:
        say("  undo: ladle gc --undo")


def _as_json(plan: CollectPlan) -> dict[str, Any]:
    return {
        "objects": len(plan.garbage),
        "bytes": plan.garbage_bytes,
        "repack": plan.sparse,
        "let_go": [r.manifest.id for r in plan.let_go],
        "lost_rollbacks": [
            {"model": s.model, "experiment": s.experiment_id, "served_until": s.until}
            for s in plan.lost_rollbacks
        ],
    }


def _tell(plan: CollectPlan) -> None:
    answer(f"garbage   {plural(len(plan.garbage), 'object')}, {size(plan.garbage_bytes)}")
    if plan.sparse:
        packs, held = plural(len(plan.sparse), "pack"), size(sum(plan.sparse.values()))
        answer(f"repack    {packs} of {held}, less than half of which is needed")
    for recorded in plan.let_go:
        answer(f"let go    {recorded.manifest.model} {recorded.manifest.id[:12]}: its data")
    for served in plan.lost_rollbacks:
        text = f"{served.model} served {served.experiment_id[:12]} once; it can never be again"
        answer(f"rollback  {text}")
    say("  nothing was changed; do it: ladle gc --apply")
