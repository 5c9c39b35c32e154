"""YAML text becomes a ModelConfig, or all of its mistakes at once.

What is wrong by itself is taken out, so that the rest can still be checked together; a check that
read a key that was taken out says nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from ladle.config import checks
from ladle.config.document import BREAKS, Document, Path, Spot
from ladle.config.leaks import leaks_in, without
from ladle.config.messages import explain
from ladle.config.mistake import Mistake
from ladle.config.not_yet import not_yet
from ladle.config.read_yaml import read_document
from ladle.config.schema import ModelConfig
from ladle.errors import Finding

# Stands in for a needed key that is missing or wrong, so that the others can be checked.
_STAND_INS = {"name": "unnamed", "model": "pinned", "type": "generic"}


@dataclass(frozen=True, slots=True)
class Reading:
    """``draft`` is the config without its mistakes, None when nothing could be read;
    ``mended`` are the keys that it lacks.
    """

    document: Document
    draft: ModelConfig | None
    mended: frozenset[Path]
    findings: tuple[Finding, ...]

    @property
    def config(self) -> ModelConfig | None:
        """The config, when nothing is wrong with it."""
        return None if self.findings else self.draft

    def is_sound(self, path: Path) -> bool:
        """Whether this key says what its writer meant."""
        return not any(path[: len(m)] == m or m[: len(path)] == path for m in self.mended)

    def only(self, finding: Finding) -> Reading:
        """When there was nothing to read, its own mistakes are not worth telling."""
        return replace(self, draft=None, findings=(finding,))

    def with_findings(self, more: Iterable[Finding]) -> Reading:
        return replace(self, findings=_in_order([*self.findings, *more]))

    def without(self, code: str) -> Reading:
        """For whom a finding of this code is none."""
        return replace(self, findings=tuple(f for f in self.findings if f.code != code))


def parse(content: bytes, file: str) -> Reading:
    """Reads one config. Never raises, whatever the bytes are."""
    document = read_document(content, file)
    draft, errors = _validated(document.data)
    if document.is_broken:  # what stands below the break is not missing, and nothing is whole
        draft, errors = None, [e for e in errors if e["type"] != "missing"]
    mended = frozenset(tuple(error["loc"]) for error in errors)
    reading = Reading(document, draft, mended, ())
    findings = [*document.findings, *_told_once(document, errors)]
    if draft is not None:
        findings += _findings_of(draft, reading)
    return _told(replace(reading, findings=tuple(findings)))


def _told_once(document: Document, errors: Iterable[Any]) -> Iterator[Finding]:
    """Nothing is said of a place that YAML has already refused, or of what follows a break."""
    refused = {finding.place for finding in document.findings}
    breaks = [f.place.line for f in document.findings if f.code in BREAKS and f.place]
    for error in errors:
        finding = explain(error, document)
        line = finding.place.line if finding.place else None
        if finding.place not in refused and all((line or 0) < (at or 0) for at in breaks):
            yield finding


def _validated(data: dict[str, Any]) -> tuple[ModelConfig | None, list[Any]]:
    errors: list[Any] = []
    data = deepcopy(data)
    while True:
        try:
            return ModelConfig.model_validate_json(json.dumps(data)), errors
        except ValidationError as error:
            found = error.errors(include_url=False)
        known = {tuple(e["loc"]) for e in errors}
        if all(tuple(e["loc"]) in known for e in found):
            return None, errors
        errors += found
        for wrong in found:
            _take_out(data, tuple(wrong["loc"]))
        for key, stand_in in _STAND_INS.items():
            data.setdefault(key, stand_in)


def _take_out(data: Any, path: Path) -> None:
    """Removes a key; of a list, the whole list, since its other items would move."""
    for step in path[:-1]:
        if not isinstance(data, dict) or not isinstance(data.get(str(step)), dict):
            path = path[: path.index(step) + 1]
            break
        data = data[str(step)]
    if isinstance(data, dict):
        data.pop(str(path[-1]), None)


def _findings_of(draft: ModelConfig, reading: Reading) -> Iterator[Finding]:
    base = [m for m in _mistakes(draft) if all(reading.is_sound(p) for p in m.reads)]
    for mistake in base:
        yield _placed(mistake, (), reading.document)
    said = {(m.path, m.code) for m in base}
    for name in draft.environments:
        prefix: Path = ("environments", name)
        yield from _half_a_place(draft, name, reading)
        for m in _mistakes(draft.in_environment(name)):
            sound = all(reading.is_sound(p) and reading.is_sound((*prefix, *p)) for p in m.reads)
            if sound and (m.path, m.code) not in said:
                yield _placed(m, prefix, reading.document)


def _half_a_place(draft: ModelConfig, name: str, reading: Reading) -> Iterator[Finding]:
    place, path = draft.environments[name], ("environments", name)
    half = (place.account is None) != (place.region is None)
    if half and reading.is_sound((*path, "account")) and reading.is_sound((*path, "region")):
        named, missing = ("account", "region") if place.account else ("region", "account")
        what = f"{name} names its {named} and not its {missing}"
        fix = f"add {missing}: a place of deployment is both, or neither for the workspace's own"
        yield reading.document.on_key((*path, named), "LD123", what, fix)


def _mistakes(config: ModelConfig) -> Iterator[Mistake]:
    yield from checks.mistakes(config)
    yield from not_yet(config)


def _placed(mistake: Mistake, prefix: Path, document: Document) -> Finding:
    """At its own key, else at the first key it follows from that somebody wrote."""
    paths = [(*before, *p) for p in (mistake.path, *mistake.reads) for before in (prefix, ())]
    path = next((p for p in paths if p in document.values), paths[0])
    put = document.on_key if mistake.on_key else document.on_value
    return put(path, mistake.code, mistake.what, mistake.fix)


def _told(reading: Reading) -> Reading:
    """With what leaks found anywhere in the file, comments included; no secret is shown again."""
    document, findings, secrets = reading.document, list(reading.findings), set()
    for number, line in enumerate(document.lines, start=1):
        for leak in leaks_in(line):
            secrets.add(line[leak.start : leak.end])
            what = f"this looks like {leak.issuer}; a config is no place for it"
            fix = "remove it, and have it replaced where it was issued: Git remembers it"
            findings.append(document.at(Spot(number, leak.start + 1), "LD119", what, fix))
    secrets |= {
        document.raw[path]
        for path in document.raw
        if {"env", "secrets"} & set(path)
        and any(_is_at(f, document.values[path]) for f in findings)
    }
    shown = [_without_secrets(finding, frozenset(secrets)) for finding in findings]
    return replace(reading, findings=_in_order(shown))


def _is_at(finding: Finding, spot: Spot) -> bool:
    place = finding.place
    return (
        finding.code in ("LD119", "LD144")
        and place is not None
        and (place.line, place.column)
        == (
            spot.line,
            spot.column,
        )
    )


def _without_secrets(finding: Finding, secrets: frozenset[str]) -> Finding:
    if not secrets:
        return finding
    return replace(
        finding,
        what=without(finding.what, secrets),
        fix=without(finding.fix, secrets),
        source_line=finding.source_line and without(finding.source_line, secrets),
    )


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=_by_place))


def _by_place(finding: Finding) -> tuple[int, int, str]:
    place = finding.place
    return (place.line or 0, place.column or 0, finding.code) if place else (0, 0, finding.code)
