"""``ladle import dvc|mlflow PATH``: what other tools recorded, as experiments; again changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.import_experiments import Imported, Means, import_experiments
from ladle.actions.writing import writing
from ladle.cli.experiment_words import one_line
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson
from ladle.disk.clock import SystemClock
from ladle.experiments.foreign import ForeignRun
from ladle.project.dvc_repository import LOCK, CodeState, read_dvc
from ladle.project.mlflow_store import read_mlflow
from ladle.project.repository import find_root
from ladle.tools.git import Git
from ladle.tools.model_jail import ModelJail
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_index, open_workspace

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Record under this name.")
]


@app.callback()
def _group() -> None:
    """Take over what DVC or MLflow recorded."""


@app.command()
def dvc(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The root of a DVC repository.")],
    model: Model = None,
    all_commits: Annotated[
        bool, typer.Option("--all-commits", help="Every state of dvc.lock in Git's history.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Data, stages, parameters, metrics of a DVC repository; needs no DVC."""
    batches = _history(path, model) if all_commits else _checked_out(path, model)
    _tell([_import(batch) for batch in batches], as_json)


@app.command()
def mlflow(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="mlruns, or an mlflow.db.")],
    model: Model = None,
    no_artifacts: Annotated[
        bool, typer.Option("--no-artifacts", help="Only what was logged, no files.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Runs, versions, aliases of an MLflow store; nothing is unpickled."""
    runs, notes = read_mlflow(path, model, with_files=not no_artifacts)
    for note in notes:
        say(f"ladle: {note}")
    _tell([_import(runs)], as_json)


def _checked_out(path: Path, model: str | None) -> Iterator[Sequence[ForeignRun]]:
    git = Git()
    commit = git.snapshot(path)
    code = CodeState(commit.commit, commit.dirty, git.author(path))
    yield read_dvc(path, path, code, model)


def _history(path: Path, model: str | None) -> Iterator[Sequence[ForeignRun]]:
    """One state at a time, since its files are there only while it is read."""
    git = Git()
    for commit, author in git.commits(path, [f"**/{LOCK}", "**/*.dvc"]):
        with git.checked_out(path, commit) as tree:
            yield read_dvc(path, tree, CodeState(commit, False, author), model)


def _import(runs: Sequence[ForeignRun]) -> Imported:
    root = find_root(Path.cwd())
    workspace, index, clock = open_workspace(None, root), open_index(root), SystemClock()
    means = Means(index.files, index.packs, ModelJail(), clock, TransferProgress())
    with writing(workspace, clock, f"import-{secrets.token_hex(8)}") as session:
        return import_experiments(runs, workspace, means, session)


def _tell(batches: Sequence[Imported], as_json: bool) -> None:
    recorded = [one for batch in batches for one in batch.recorded]
    known = list(dict.fromkeys(name for batch in batches for name in batch.known))
    for note in (note for batch in batches for note in batch.notes):
        say(f"ladle: {note}")
    if as_json:
        answer_json({"recorded": [r.manifest.id for r in recorded], "known": known})
    else:
        answer("\n".join(f"recorded {one_line(one)}" for one in recorded) or "nothing new")
    if known:
        say(f"ladle: {len(known)} were imported before")
