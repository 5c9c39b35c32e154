"""An experiment as another tool kept it, before Ladle has read a byte of its data."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ladle.config.checks import NAME
from ladle.digest import canonical_json
from ladle.errors import Finding, LadleError, Place

_LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Cached:
    """Where the bytes of one file lie, and what they must hash to.

    ``is_text_md5`` allows the md5 of the text with Unix line ends, which DVC 2 wrote.
    """

    path: Path
    md5: str
    is_text_md5: bool = False


@dataclass(frozen=True, slots=True)
class ForeignData:
    """``at`` is a file or folder as it lies on this disk, or its files by their relative path.

    The path of a single file is "".
    """

    name: str
    at: Path | Mapping[str, Cached]
    role: str = "train"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One metric at one step; a finite number."""

    name: str
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """``origin`` names this run for ever, wherever it lies: what was imported is known by it.

    ``model_file`` names the output that is the model: its data's name, and the path inside of it.
    """

    origin: str
    model: str
    outcome: str
    actor: str
    params: Mapping[str, Any]
    metrics: Mapping[str, float]
    data: tuple[ForeignData, ...]
    outputs: tuple[ForeignData, ...]
    argv: tuple[str, ...] = ()
    commit: str | None = None
    is_dirty: bool = False
    started_at: str | None = None
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = field(default=())
    model_file: tuple[str, str] | None = None


def model_name(words: str, given: str | None = None) -> str:
    """``given``, or ``words`` as the name of a model. Raises LD331 when neither can be one."""
    small = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    name = given or re.sub(r"^[0-9-]+", "", small)[:39].rstrip("-")
    if NAME.fullmatch(name):
        return name
    raise LadleError(
        "LD331",
        f"{(given or words)!r} cannot be the name of a model",
        "name it: --model NAME, of small letters, digits and single hyphens",
    )


def inner_path(name: object, place: Place) -> str:
    """A relative path that stays below where it is read. Raises LD392 for every other one."""
    text = name if isinstance(name, str) else ""
    parts = text.split("/")
    bad = not text or "\0" in text or "\\" in text or text.startswith("/")
    if bad or any(part in ("", ".", "..") for part in parts) or not _is_unicode(text):
        raise LadleError(
            "LD392",
            f"the path {str(name)[:120]!r} does not stay inside of its folder",
            "mend or remove this entry; nothing outside of the folder is ever read",
            place,
        )
    return text


def is_model(path: str) -> bool:
    return path.lower().endswith(".onnx")


def model_among(
    paths: Mapping[str, Iterable[str]], run: str
) -> tuple[tuple[str, str] | None, tuple[str, ...]]:
    """The one ONNX file of a run's outputs, by name and path inside of it; of several none, noted."""
    found = [(name, path) for name, inside in paths.items() for path in inside]
    found = [(name, path) for name, path in found if is_model(path or name)]
    if len(found) > 1:
        shown = ", ".join("/".join(filter(None, one)) for one in found[:3])
        return None, (f"{run}: of {len(found)} ONNX files ({shown}) none is taken as the model",)
    return (found[0] if found else None), ()


def numbers(value: object, name: str = "") -> Iterator[tuple[str, float]]:
    """The finite numbers in what JSON or YAML says, by their path: ``{"a": {"b": 1}}`` has a.b."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from numbers(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for nth, inner in enumerate(value):
            yield from numbers(inner, f"{name}.{nth}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value) if abs(value) <= _LARGEST else math.nan
        if math.isfinite(number):
            yield name, number


def steps_content(steps: Sequence[Step]) -> bytes:
    """JSON lines, one for each step, as ``run.metrics(step=…)`` writes them."""
    rows: list[dict[str, float]] = []
    for one in sorted(steps, key=lambda s: s.step):
        name = "metric step" if one.name == "step" else one.name
        if not rows or rows[-1]["step"] != one.step or name in rows[-1]:
            rows.append({"step": one.step})
        rows[-1][name] = one.value
    return b"".join(canonical_json(row) + b"\n" for row in rows)


def missing(names: Sequence[str], what: str, fix: str) -> Finding:
    """LD393: all that is missing, in one line."""
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return Finding("LD393", f"{what}: {shown}", fix)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text)
