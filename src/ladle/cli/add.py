"""``ladle add PATH…``: data is hashed before it is needed, so that recording it takes no time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.snapshot_data import snapshot_data
from ladle.cli.experiment_words import size
from ladle.cli.output import answer, answer_json, table
from ladle.cli.switches import AsJson
from ladle.digest import Digest
from ladle.project.repository import find_root
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_index


def add(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files and folders.")],
    as_json: AsJson = False,
) -> None:
    """Hash data and check that it can be recorded. Nothing is copied, sent or written beside it."""
    index, progress = open_index(find_root(Path.cwd())).files, TransferProgress()
    taken = [(path, snapshot_data(path, index, progress)) for path in paths]
    if as_json:
        answer_json(
            {
                "data": [
                    {
                        "path": str(path),
                        "kind": s.kind,
                        "digest": s.digest,
                        "bytes": s.bytes,
                        "files": s.files,
                    }
                    for path, s in taken
                ]
            }
        )
        return
    rows = [
        [Digest.parse(s.digest).short, f"{s.files:,}", size(s.bytes), str(path)]
        for path, s in taken
    ]
    answer(table(["DIGEST", "FILES", "SIZE", "PATH"], rows))
