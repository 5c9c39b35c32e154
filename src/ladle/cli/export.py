"""``ladle export``: a model as a folder that deploys without Ladle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.cli.output import answer, answer_json, say
from ladle.cli.served_package import read_packages
from ladle.cli.switches import AsJson
from ladle.project.export_folder import write_export
from ladle.project.repository import find_root


def export(
    model: Annotated[str, typer.Argument(help="The model.")],
    output: Annotated[
        Path | None, typer.Option(help="An empty folder; none: exported/MODEL.", metavar="DIR")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write plain CloudFormation, Dockerfile, manifest and README: what leaving takes."""
    root = find_root(Path.cwd())
    [spec] = read_packages(root, model)
    folder = output or Path("exported") / model
    written = list(write_export(spec, folder, root))
    if as_json:
        answer_json({"model": model, "folder": str(folder), "files": written})
    else:
        top = [name for name in written if "/" not in name or name.startswith("model/")]
        answer("\n".join(f"{folder}/{name}" for name in top))
        answer(f"{folder}/code/  {len(written) - len(top)} files")
        say(f"next: {folder}/README.md")
