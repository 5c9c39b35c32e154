"""``ladle erase DIGEST|PATH``: personal data, destroyed for good, with a stone that says so."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.erase_copies import ErasedCopies, erase_copies
from ladle.actions.erase_data import Erased, find_targets
from ladle.actions.erase_data import erase as erase_data
from ladle.cli.confirm import confirm
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson, Yes
from ladle.disk.clock import SystemClock
from ladle.project.repository import find_root
from ladle.why.words import plural
from ladle.wiring import open_index, open_workspace


def erase(
    what: Annotated[
        str, typer.Argument(metavar="DIGEST|PATH", help="As ladle show prints it; a folder, too.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the tombstone.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Destroy data in every version of every pack. Nothing brings it back; the chain stays valid."""
    root = find_root(Path.cwd())
    workspace = open_workspace(None, root)
    targets = find_targets(workspace, what)
    for target in targets:
        users = plural(len(target.experiments), "experiment")
        say(f"  {target.name} {target.digest[:19]}, in {users}")
    confirm(f"Destroy {len(targets)} for ever?", yes, "this destroys data")
    done = erase_data(workspace, targets, reason, getpass.getuser(), SystemClock())
    copies = erase_copies(workspace, {target.digest for target in targets})
    packs = open_index(root).packs
    for pack in done.packs:
        packs.drop(workspace.url, pack)
    if as_json:
        answer_json(
            {
                "erased": [stone.to_json() for stone in done.tombstones],
                "packs": list(done.packs),
                "experiments_moved": done.moved,
                "shared_parts": done.shared,
                "release_copies": [copy.key for copy in copies.destroyed],
                "still_serving": [copy.key for copy in copies.serving],
            }
        )
    else:
        _tell(done, copies)


def _tell(done: Erased, copies: ErasedCopies) -> None:
    answer(f"erased {len(done.tombstones)}; {len(done.packs)} packs destroyed, the rest moved")
    if done.shared:
        say(f"  {done.shared} parts stay: files that were not erased have them, too")
    for copy in copies.destroyed:
        say(f"  destroyed {copy.key}, a release's copy: that release can never serve again")
    for copy in copies.serving:
        say(f"  {copy.key} stays: {copy.model} serves it or can go back to it")
    if copies.serving:
        say("  help: deploy other releases until that one is retired, then erase again")
    say("  copies outside the store are yours to delete: working files, Git, images, exports")
