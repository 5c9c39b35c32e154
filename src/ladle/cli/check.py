"""``ladle check``: every mistake of every config at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.cli.output import answer, answer_json, say, show_findings
from ladle.cli.switches import AsJson
from ladle.cli.trial_words import catch_notes, trial_json
from ladle.config.notes import notes
from ladle.config.parse import Reading
from ladle.errors import ExitCode, Finding, LadleError
from ladle.project.read_package import read_packages
from ladle.project.repository import CONFIG, PACKAGES, ModelPackage, find_root, packages
from ladle.targets.choose import choose
from ladle.why.words import plural


@dataclass(frozen=True, slots=True)
class _Checked:
    """A config that was read; ``misnamed`` and ``unnamed`` are fields of its ``capture.classify``."""

    reading: Reading
    misnamed: Sequence[Finding]
    unnamed: Sequence[str]

    @property
    def findings(self) -> Iterator[Finding]:
        yield from self.reading.findings
        yield from _unbuildable(self.reading)
        yield from self.misnamed

    @property
    def notes(self) -> Iterator[str]:
        if self.reading.config is not None:
            yield from notes(self.reading.config)
        if self.unnamed:
            yield f"capture drops {', '.join(self.unnamed)}: classify does not name them"


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH", help="Configs, packages or repositories; none: all of this one."
        ),
    ] = None,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No notes.")] = False,
) -> int:
    """Report every mistake of every config at once: its place, why, and how to mend it."""
    here = Path.cwd()
    found = _named(paths) if paths else list(packages(find_root(here)))
    if not found:
        raise LadleError(
            "LD122", f"{PACKAGES}/ holds no {CONFIG}", "start a model with ladle init NAME"
        )
    read = read_packages((p, _shown(p.config, here)) for p in found)
    checked = [_Checked(reading, *_classified(package, reading)) for package, reading in read]
    findings = [f for each in checked for f in each.findings]
    if as_json:
        answer_json(_as_json(checked, findings))
    else:
        show_findings(findings)
        if not quiet:
            _show_notes(checked)
        answer(f"{plural(len(checked), 'model')}, {plural(len(findings), 'error')}")
    return ExitCode.FINDING if findings else ExitCode.OK


def _named(paths: Iterable[Path]) -> list[ModelPackage]:
    """A config, a package's folder, or any folder that holds packages."""
    found: list[ModelPackage] = []
    for path in paths:
        if not path.is_dir():
            found.append(ModelPackage(path.parent, path))
        elif (path / CONFIG).exists():
            found.append(ModelPackage(path))
        elif (path / PACKAGES).is_dir():
            found += packages(path)
        else:
            inside = [ModelPackage(p.parent) for p in sorted(path.glob(f"*/{CONFIG}"))]
            found += inside or [ModelPackage(path)]
    return list(dict.fromkeys(found))


def _unbuildable(reading: Reading) -> Sequence[Finding]:
    """What the chosen target cannot take, at the key that asks for it."""
    if reading.config is None:
        return ()
    try:
        choose(reading.config)
    except LadleError as error:
        finding = error.finding
        return (reading.document.on_value(("target",), finding.code, finding.what, finding.fix),)
    return ()


def _classified(package: ModelPackage, reading: Reading) -> tuple[Sequence[Finding], Sequence[str]]:
    """Read from the model's file, where capture is asked for."""
    if reading.config is None or not reading.config.capture.enabled:
        return (), ()
    from ladle.cli.classified import unclassified  # it reads models

    try:
        return (), unclassified(package, reading.config)
    except LadleError as error:
        said, path = error.finding, ("capture", "classify")
        return (reading.document.on_key(path, said.code, said.what, said.fix),), ()


def _shown(path: Path, here: Path) -> str:
    """As short as it can be said from here."""
    relative = os.path.relpath(path, here)
    return str(path) if relative.startswith("..") else relative


def _show_notes(checked: Iterable[_Checked]) -> None:
    """Once each, however many models they hold for."""
    files: dict[str, list[str]] = {}
    for each in checked:
        config = each.reading.config
        for note in (*each.notes, *(catch_notes(config) if config else ())):
            files.setdefault(note, []).append(each.reading.document.file)
    for note, where in files.items():
        say(f"{where[0] if len(where) == 1 else plural(len(where), 'model')} note: {note}")


def _as_json(checked: Sequence[_Checked], findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "models": [
            {
                "file": r.document.file,
                "name": r.draft.name if r.draft and r.is_sound(("name",)) else None,
                "ok": r.config is not None,
                "notes": list(each.notes),
                "trial": trial_json(r.config) if r.config else None,
            }
            for each in checked
            for r in [each.reading]
        ],
        "errors": len(findings),
        "findings": [
            {
                "file": f.place.file if f.place else None,
                "line": f.place.line if f.place else None,
                "column": f.place.column if f.place else None,
                **{k: v for k, v in asdict(f).items() if k not in ("place", "source_line")},
            }
            for f in findings
        ],
    }
