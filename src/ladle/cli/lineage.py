"""``ladle lineage ID``: where an experiment comes from and what became of it, as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.find_family import find_family
from ladle.cli.experiment_words import one_line, short
from ladle.cli.output import answer, answer_json
from ladle.cli.release_words import moment
from ladle.cli.switches import AsJson
from ladle.experiments import lineage as families
from ladle.experiments.lineage import Lineage, Relative, Served
from ladle.ports import Workspace
from ladle.project.repository import find_root
from ladle.releases.effects import RecordKind
from ladle.why.fates import fates
from ladle.wiring import open_workspace

_MOST_OTHERS = 5
Branch = tuple[str, Sequence["Branch"]]


def lineage(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="At least six digits of it.")],
    as_json: AsJson = False,
) -> None:
    """Show what an experiment began from, what began from it, who shares its data, what it served."""
    workspace = open_workspace(None, find_root(Path.cwd()))
    subject = workspace.manifests.get(experiment)
    family = find_family(workspace.manifests, subject)
    found = families.lineage(subject.manifest.id, family, _served(workspace))
    if as_json:
        answer_json(found.to_json())
        return
    answer("\n".join([one_line(found.experiment), *drawn(list(_branches(found)))]))


def _served(workspace: Workspace) -> dict[str, list[Served]]:
    """By experiment, what the history of releases says."""
    by_experiment: dict[str, list[Served]] = {}
    for model in workspace.ledger.models():
        records = workspace.ledger.records(model)
        began = {r.release: r.at for r in records if r.kind is RecordKind.REQUESTED}
        for fate in fates(records, workspace.ledger.load(model)):
            if fate.experiment_id is not None:
                one = Served(model, fate.release, str(fate.status), began[fate.release])
                by_experiment.setdefault(fate.experiment_id, []).append(one)
    return by_experiment


def drawn(branches: Sequence[Branch], indent: str = "") -> Iterator[str]:
    """``├─`` and ``└─`` with what lies below each."""
    for nth, (text, below) in enumerate(branches):
        is_last = nth == len(branches) - 1
        yield f"{indent}{'└─' if is_last else '├─'} {text}"
        yield from drawn(below, indent + ("   " if is_last else "│  "))


def _branches(found: Lineage) -> Iterator[Branch]:
    if found.parents:
        yield "began from", [_relative(p) for p in found.parents]
    for shared in found.shared:
        others: list[Branch] = [(one_line(o), ()) for o in shared.others[-_MOST_OTHERS:]]
        if len(shared.others) > _MOST_OTHERS:
            others.insert(0, (f"{len(shared.others) - _MOST_OTHERS} older", ()))
        yield f"{shared.data.name}, {shared.relation}", others
    if found.children:
        yield "led to", [_relative(c) for c in found.children]
    if found.releases:
        yield "served as", [(_release(r), ()) for r in found.releases]
    if not (found.parents or found.shared or found.children or found.releases):
        yield "it stands alone: no parent, no shared data, no child, never deployed", ()


def _relative(one: Relative) -> Branch:
    text = one_line(one.recorded) if one.recorded else f"{short(one.id)}, not in this workspace"
    return text, [_relative(r) for r in one.relatives]


def _release(one: Served) -> str:
    return f"release {one.release} of {one.model}, {one.status.lower()}, asked {moment(one.at)}"
