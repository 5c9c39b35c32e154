"""A scenario is read as strictly as a config: all of its mistakes at once, each at its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from ladle.config.document import Document
from ladle.config.document import Path as Keys
from ladle.config.nearest import did_you_mean
from ladle.config.read_yaml import read_document
from ladle.config.schema import Strict
from ladle.errors import Finding, ManyFindings, NotFound
from ladle.simulation.scenario import Scenario

SUFFIXES = (".yaml", ".yml")
_OURS = resources.files("ladle.simulation") / "scenarios"


def shipped_scenarios() -> Mapping[str, Scenario]:
    """By name, in the order of the alphabet."""
    names = sorted(f.name.removesuffix(".yaml") for f in _OURS.iterdir())
    return {name: parse_scenario((_OURS / f"{name}.yaml").read_bytes(), name) for name in names}


def read_scenario(wanted: str) -> Scenario:
    """A shipped one by its name, or a file. Raises NotFound LD620, ManyFindings."""
    path = Path(wanted)
    if path.suffix not in SUFFIXES:
        known = shipped_scenarios()
        if wanted not in known:
            raise NotFound(
                "LD620",
                f"there is no scenario {wanted}{did_you_mean(wanted, known)}",
                f"one of {', '.join(known)}; or a file that ends with .yaml",
            )
        return known[wanted]
    try:
        content = path.read_bytes()
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise NotFound("LD620", f"{wanted}: {why.lower()}", "name a file that exists") from error
    return parse_scenario(content, wanted)


def parse_scenario(content: bytes, file: str) -> Scenario:
    document = read_document(content, file, "a scenario")
    findings = list(document.findings)
    try:
        scenario = Scenario.model_validate_json(json.dumps(document.data))
    except ValidationError as error:
        told = {finding.place for finding in findings}
        more = [] if document.is_broken else [_explained(e, document) for e in error.errors()]
        raise ManyFindings(findings + [f for f in more if f.place not in told]) from error
    findings += _contradictions(scenario, document)
    if findings:
        raise ManyFindings(findings)
    return scenario


def _contradictions(scenario: Scenario, document: Document) -> Iterator[Finding]:
    for k, change in enumerate(scenario.changes):
        if change.every is not None and (change.lasts is None or change.lasts > change.every):
            what = "what comes again must be over before: every needs a lasts that is shorter"
            yield document.on_value(("changes", k, "every"), "LD621", what, "write lasts: 5m")


def _explained(error: Any, document: Document) -> Finding:
    path: Keys = tuple(error["loc"])
    name, raw = ".".join(map(str, path)), document.raw.get(path)
    shown = name if raw is None else f'{name} "{raw[:60]}"'
    if error["type"] == "ladle":
        said = error["ctx"]
        return document.on_value(path, "LD621", f"{shown} {said['what']}", said["fix"])
    if error["type"] == "extra_forbidden":
        known = list(_section(path[:-1]).model_fields)
        what = f'unknown key "{name}"{did_you_mean(str(path[-1]), known)}'
        return document.on_key(path, "LD621", what, f"known keys: {', '.join(known)}")
    if error["type"] == "missing":
        return document.on_value(path[:-1], "LD621", f"{name} is missing", f"write {path[-1]}:")
    message = error["msg"].removeprefix("Input ")
    return document.on_value(path, "LD621", f"{shown}: it {message}", "see docs/simulate.md")


def _section(path: Keys) -> type[Strict]:
    """Of the schema, the model that stands at ``path``."""
    section: type[Strict] = Scenario
    for step in path:
        if isinstance(step, str):
            annotation = section.model_fields[step].annotation
            section = next(
                part
                for part in (annotation, *get_args(annotation))
                if isinstance(part, type) and issubclass(part, Strict)
            )
    return section
