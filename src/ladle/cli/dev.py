"""``ladle dev``: the deployed app of one model on this machine, started again when its files change."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ladle.cli.output import say, show_findings
from ladle.cli.served_package import environment_of, read_packages
from ladle.errors import LadleError, UsageError
from ladle.planning.service_spec import ServiceSpec
from ladle.project.repository import find_root
from ladle.tools import processes
from ladle.tools.serving_process import ServingProcess

DEFAULT_PORT = 8080
LOOK_SECONDS = 0.5

Seen = Mapping[Path, tuple[int, int]]


def dev(
    model: Annotated[
        str | None, typer.Argument(help="The model; none: the only one of this repository.")
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)
    ] = DEFAULT_PORT,
) -> None:
    """Serve a model on this machine as the deployed function would; end it with Ctrl-C."""
    root = find_root(Path.cwd())
    port = port or processes.free_port()
    while True:
        spec = _read(root, model)
        seen = _look(Path(spec.folder))
        with ServingProcess(environment_of(spec), port) as process:
            _say_when_ready(process, spec)
            _wait_for_change(process, root, spec, seen)


def _wait_for_change(process: ServingProcess, root: Path, spec: ServiceSpec, seen: Seen) -> None:
    """Returns when the package changed to something that can be served; until then the old serves."""
    while process.runs_for(LOOK_SECONDS):
        now = _look(Path(spec.folder))
        if now == seen:
            continue
        seen = now
        try:
            _read(root, spec.model)
        except LadleError as error:
            show_findings(error.findings)
            say("still serving what was there before")
            continue
        say("changed: starting again")
        return
    raise LadleError(
        "LD427", "the serving process ended by itself", "mend the reason that stands above"
    )


def _say_when_ready(process: ServingProcess, spec: ServiceSpec) -> None:
    process.wait_until_ready()
    say(f"{spec.model} at {process.url}  (release 0; Ctrl-C ends it)")
    say(f"  page     {process.url}/")
    say(f"  predict  POST {process.url}/predict")
    say(f"  label    POST {process.url}/feedback")


def _read(root: Path, model: str | None) -> ServiceSpec:
    """Raises LadleError for a config with mistakes, a model that cannot be read, a choice left open."""
    specs = read_packages(root, model)
    if len(specs) != 1:
        names = ", ".join(spec.model for spec in specs) or "none"
        raise UsageError("LD811", f"say which model to serve: {names}", "ladle dev MODEL")
    return specs[0]


def _look(folder: Path) -> Seen:
    """Time and size of each file that a person might edit."""
    found = {}
    for path in folder.rglob("*"):
        hidden = any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            about = path.stat()
            found[path] = (about.st_mtime_ns, about.st_size)
    return found
