"""``ladle history MODEL --restore RECORD``: the package is again what served then; a commit deploys it."""

from __future__ import annotations

from pathlib import Path

from ladle.actions.erase_data import told_if_gone
from ladle.actions.read_experiment import ExperimentReader
from ladle.actions.restore_row import ServedThen, restore_package, served_then
from ladle.cli.confirm import confirm
from ladle.cli.experiment_words import one_line, short
from ladle.cli.output import answer_json, say
from ladle.errors import LadleError
from ladle.ports import Workspace
from ladle.project.repository import PACKAGES, find_root
from ladle.tools.git import Git
from ladle.tools.replay import git_replay
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_index, open_seen_heads, open_workspace

_PLACE = Path(".ladle") / "restore"


def restore_row(model: str, wanted: str, yes: bool, as_json: bool) -> None:
    root = find_root(Path.cwd())
    workspace = open_workspace(None, root)
    found = served_then(workspace.ledger, model, wanted)
    _check_clean(root)
    where = f"{PACKAGES}/{model}"
    why = "this replaces files"
    confirm(f"Replace {where} and its data by those of release {found.release}?", yes, why)
    recorded = workspace.manifests.get(found.experiment_id)
    reader = ExperimentReader.of(workspace, open_index(root).packs)
    place = root / _PLACE / short(recorded.manifest.id)
    with told_if_gone(workspace, recorded), git_replay(root, place, keep=False) as replay:
        code = restore_package(
            recorded,
            reader,
            workspace.manifests,
            replay,
            root / PACKAGES / model,
            root,
            TransferProgress(),
        )
    open_seen_heads(workspace.url, root).saw(recorded)
    if as_json:
        row = {"record": found.row.id, "release": found.release, "id": found.experiment_id}
        answer_json({"model": model, **row, "code": code, "kept": _kept(workspace, found)})
    say(f"restored {one_line(recorded)}")
    if not code:
        say("  its code was in no commit: data and model only")
    say(f"  next: git diff {where}, commit it, then ladle deploy")
    if _kept(workspace, found):
        say(f"  its traffic at once: ladle rollback {model} --to {found.release}")


def _check_clean(root: Path) -> None:
    if Git().snapshot(root).dirty:
        raise LadleError(
            "LD518",
            "the repository has changes that are in no commit, which would be mixed with the old ones",
            "commit them, or git stash",
        )


def _kept(workspace: Workspace, found: ServedThen) -> bool:
    """Whether a rollback can go there without any deploy."""
    state = workspace.ledger.load(found.row.id.rpartition("/")[0])
    proven = [r for r in state.good if r.number == found.release and not state.quarantined(r)]
    return bool(proven) and state.the_stable.number != found.release
