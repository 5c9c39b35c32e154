"""A pinned model's optimised graph becomes a file of the code that serves it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ladle.digest import hex_of
from ladle.errors import LadleError
from ladle.project.import_closure import SourceFile
from ladle.project.repository import ModelPackage, find_root, read_pinned

KEPT = Path(".ladle") / "graphs"


def pinned_graph(folder: Path, model_file: str) -> Iterator[SourceFile]:
    """Of the model package in ``folder``: one file, or none where none was made of what is pinned.

    It is named by the model's content; beside any other model it is never read.
    """
    try:
        artefact = read_pinned(ModelPackage(folder)).manifest.artefact
        if not artefact or not artefact.optimised or Path(artefact.name).name != model_file:
            return
        name = artefact.optimised.file_name(hex_of(artefact.digest))
        yield SourceFile(name, _kept(find_root(folder) / KEPT / name, artefact.optimised.content()))
    except (LadleError, ValueError):  # nothing is pinned, or nothing that can be read
        return


def _kept(path: Path, content: bytes) -> Path:
    """Whole or not at all; the same bytes, whoever writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as fresh:
        fresh.write(content)
    os.replace(fresh.name, path)
    return path
