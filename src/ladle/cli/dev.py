"""``ladle dev``: the deployed app on this machine, started again when a model's files change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ladle.cli.output import say, show_findings
from ladle.cli.served_package import environment_of, environment_of_all, read_packages
from ladle.errors import LadleError, UsageError
from ladle.planning.service_spec import ServiceSpec
from ladle.project.repository import find_root
from ladle.tools import processes
from ladle.tools.serving_process import ServingProcess

DEFAULT_PORT = 8080
LOOK_SECONDS = 0.5

Seen = Mapping[Path, tuple[int, int]]
Specs = Sequence[ServiceSpec]
Read = Callable[[], Specs]


def dev(
    model: Annotated[
        str | None, typer.Argument(help="The model; none: the only one of this repository.")
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
    every: Annotated[
        bool, typer.Option("--all", help="All models behind one server: /v2/models/NAME/infer.")
    ] = False,
) -> None:
    """Serve a model on this machine as the deployed function would; end it with Ctrl-C."""
    root = find_root(Path.cwd())
    port = port or processes.free_port()
    read = partial(_read_all, root) if every else partial(_read, root, model)
    with TemporaryDirectory(prefix="ladle-dev-") as folder:
        while True:
            specs = read()
            seen = _look(specs)
            told = environment_of_all(specs, Path(folder)) if every else environment_of(*specs)
            with ServingProcess(told, port) as process:
                process.wait_until_ready()
                _say_what_is_served(process.url, specs, every)
                _wait_for_change(process, read, specs, seen)


def _wait_for_change(process: ServingProcess, read: Read, specs: Specs, seen: Seen) -> None:
    """Returns when a package changed to something that can be served; until then the old serves."""
    while process.runs_for(LOOK_SECONDS):
        now = _look(specs)
        if now == seen:
            continue
        seen = now
        try:
            read()
        except LadleError as error:
            show_findings(error.findings)
            say("still serving what was there before")
            continue
        say("changed: starting again")
        return
    raise LadleError(
        "LD427", "the serving process ended by itself", "mend the reason that stands above"
    )


def _say_what_is_served(url: str, specs: Specs, every: bool) -> None:
    names = ", ".join(spec.model for spec in specs)
    say(f"{names} at {url}  (release 0; Ctrl-C ends it)")
    if every:
        say(f"  predict  POST {url}/v2/models/NAME/infer")
        say(f"  state    POST {url}/v2/repository/index")
        return
    say(f"  page     {url}/")
    say(f"  predict  POST {url}/predict")
    say(f"  label    POST {url}/feedback")


def _read_all(root: Path) -> Specs:
    """Raises LadleError as ``_read`` does, for any of them."""
    specs = read_packages(root, None)
    if not specs:
        raise UsageError("LD811", "this repository has no model", "ladle init NAME")
    return specs


def _read(root: Path, model: str | None) -> Specs:
    """Raises LadleError for a config with mistakes, a model that cannot be read, a choice left open."""
    specs = read_packages(root, model)
    if len(specs) != 1:
        names = ", ".join(spec.model for spec in specs) or "none"
        raise UsageError(
            "LD811", f"say which model to serve: {names}", "ladle dev MODEL, or ladle dev --all"
        )
    return specs


def _look(specs: Specs) -> Seen:
    return {path: seen for spec in specs for path, seen in _files(Path(spec.folder)).items()}


def _files(folder: Path) -> Seen:
    """Time and size of each file that a person might edit."""
    found = {}
    for path in folder.rglob("*"):
        hidden = any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            about = path.stat()
            found[path] = (about.st_mtime_ns, about.st_size)
    return found
