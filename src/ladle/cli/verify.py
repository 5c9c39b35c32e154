"""``ladle verify [ID]``: every row and every object, by its hash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions.erase_data import told
from ladle.actions.repair_store import Machine, repair_store
from ladle.actions.restore_rows import restore_rows
from ladle.actions.verify_store import Report, verify_store
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson
from ladle.disk.seen_heads import SeenHeads
from ladle.disk.silent import SILENT
from ladle.errors import ExitCode, LadleError, NotFound
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import Workspace
from ladle.project.repository import PACKAGES, find_root, is_pinned, packages, read_pinned
from ladle.why.words import plural
from ladle.wiring import open_index, open_seen_heads, open_workspace


def verify(
    experiment: Annotated[
        str | None, typer.Argument(metavar="ID", help="At least six digits; none means all.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Restore what this machine or another store has.")
    ] = False,
    sources: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="WORKSPACE", help="Another store to restore from."),
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read and hash every byte.")] = False,
    as_json: AsJson = False,
) -> int:
    """Check chains, objects, packs and trees. Without --deep nothing of the data is downloaded."""
    root = find_root(Path.cwd())
    workspace = open_workspace(None, root)
    heads = open_seen_heads(workspace.url, root)
    look = partial(verify_store, workspace, experiment, deep, heads.seen())
    others = [open_workspace(url, root) for url in sources or ()] if repair else []
    before = 0
    try:
        report = look()
    except NotFound:  # the row of this very experiment is what is lost
        if not (repair and _restored(workspace, root, others, heads)):
            raise
        report, before = look(), 1
    if repair and report.problems:
        before += len(report.problems)
        if _restored(workspace, root, others, heads):
            report = look()
        repair_store(workspace, report, _machine(root), [other.objects for other in others])
        report = look()
    mended = before - len(report.problems) if repair else 0
    heads.see(report.heads)
    if as_json:
        answer_json(_as_json(report, mended))
    else:
        _tell(report, mended, repair)
    return ExitCode.OK if report.is_whole else ExitCode.FINDING


def _machine(root: Path) -> Machine:
    index = open_index(root)
    return Machine(root, root / PACKAGES, index.files, index.packs, SILENT)


def _restored(
    workspace: Workspace, root: Path, others: Sequence[Workspace], heads: SeenHeads
) -> bool:
    """Whether any row came back, of a pin or of another store."""
    known = [*_pinned(root), *(r for other in others for r in _recorded(other))]
    return bool(list(restore_rows(workspace.manifests, known, {w.id for w in heads.seen()})))


def _pinned(root: Path) -> Iterator[RecordedExperiment]:
    """A pin has all of its experiment's row."""
    for package in packages(root):
        if is_pinned(package):
            with suppress(LadleError):
                yield read_pinned(package)


def _recorded(workspace: Workspace) -> Iterator[RecordedExperiment]:
    for model in workspace.manifests.models():
        yield from workspace.manifests.chain(model).recorded


def _as_json(report: Report, mended: int) -> dict[str, Any]:
    return {
        "whole": report.is_whole,
        "experiments": report.experiments,
        "objects": report.objects,
        "repaired": mended,
        "problems": [
            {
                "fault": str(p.fault),
                "subject": p.subject,
                "text": p.text,
                "experiments": list(p.needed_by),
            }
            for p in report.problems
        ],
        "gone": [stone.to_json() for stone in report.gone],
    }


def _tell(report: Report, mended: int, repaired: bool) -> None:
    for stone in report.gone:
        say(f"  {told(stone)}")
    if mended:
        say(f"{mended} {_plural(mended, 'problem is', 'problems are')} mended")
    looked = f"{plural(report.experiments, 'experiment')}, {plural(report.objects, 'object')}"
    if report.is_whole:
        answer(f"whole: {looked}")
        return
    answer(f"not whole: {len(report.problems)} of {looked}")
    for problem in report.problems:
        answer(f"  {problem.text}{_who(problem.needed_by)}")
    if repaired:
        say("  help: --repair on a machine that has the data, or --from a workspace that has it")
    else:
        say("  help: ladle verify --repair restores what this machine has")


def _who(needed_by: Sequence[str]) -> str:
    if not needed_by:
        return ""
    more = f" and {len(needed_by) - 1} more" if len(needed_by) > 1 else ""
    return f"; needed by {needed_by[0][:12]}{more}"


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
