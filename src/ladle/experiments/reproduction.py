"""A run and the same run again: identical, within the tolerance that it stated, or different.

Bytes of model and outputs may differ where the metrics hold; who reads other data, ends otherwise or
has a metric out of its tolerance is different.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ladle.experiments.compare import Change, Part, compare
from ladle.experiments.manifest import Manifest


class Verdict(StrEnum):
    IDENTICAL = "identical"
    WITHIN = "within tolerance"
    DIFFERS = "differs"
    CANNOT = "cannot be told"


class Outcome(StrEnum):
    SAME = "the same"
    WITHIN = "within tolerance"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that came out of both. ``allowed`` is the tolerance of a metric, if it has one."""

    kind: str  # metric | model | output | data | end
    name: str
    recorded: Any
    again: Any
    outcome: Outcome
    allowed: float | None = None


@dataclass(frozen=True, slots=True)
class Reproduction:
    """``reasons`` say what differs, or why nothing can be told."""

    verdict: Verdict
    reasons: tuple[str, ...]
    compared: tuple[Compared, ...] = ()
    environment: tuple[Change, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": str(self.verdict),
            "reasons": list(self.reasons),
            "compared": [asdict(c) for c in self.compared],
            "environment": [
                {"name": c.name, "recorded": c.before, "again": c.after} for c in self.environment
            ],
        }


def obstacles(manifest: Manifest) -> list[str]:
    """Why this run cannot be run again, as far as its manifest knows."""
    found = []
    if manifest.origin is not None:
        found.append(f"it was imported from {manifest.origin}, not recorded")
    if manifest.code.commit is None:
        found.append("it ran outside of a Git repository, so its code is not known")
    if not manifest.code.argv:
        found.append("its command is not known")
    if any("***" in word for word in manifest.code.argv):
        found.append("its command had a secret, which no record keeps")
    return found


def judged(recorded: Manifest, again: Manifest) -> Reproduction:
    """``again`` is the draft of the second run: its place in the chain plays no part."""
    compared = tuple(_compared(recorded, again))
    environment = compare(recorded, again).of(Part.ENVIRONMENT)
    results = [c for c in compared if c.kind in ("metric", "model", "output")]
    if not results:
        why = "the run recorded neither metrics nor model nor outputs: there is nothing to compare"
        return Reproduction(Verdict.CANNOT, (why,), compared, environment)
    other = [c for c in compared if c.outcome is Outcome.OTHER]
    if not other and all(c.outcome is Outcome.SAME for c in compared):
        return Reproduction(Verdict.IDENTICAL, (), compared, environment)
    metrics_hold = any(c.kind == "metric" for c in compared)
    deciding = [c for c in other if not (metrics_hold and c.kind in ("model", "output"))]
    if deciding:
        return Reproduction(
            Verdict.DIFFERS, tuple(_reason(c) for c in deciding), compared, environment
        )
    bytes_only = tuple(f"{_reason(c)}, but every metric holds" for c in other)
    return Reproduction(Verdict.WITHIN, bytes_only, compared, environment)


def _compared(recorded: Manifest, again: Manifest) -> Iterator[Compared]:
    before, after = _end(recorded), _end(again)
    yield Compared("end", "the run", before, after, _equal(before, after))
    yield from _files("data", _digests(recorded.data), _digests(again.data))
    for name in sorted({*recorded.metrics, *again.metrics}):
        yield _metric(name, recorded, again)
    model, model_again = (m.artefact.digest if m.artefact else None for m in (recorded, again))
    if model or model_again:
        name = recorded.artefact.name if recorded.artefact else "model"
        yield Compared("model", name, model, model_again, _equal(model, model_again))
    yield from _files("output", _digests(recorded.outputs), _digests(again.outputs))


def _metric(name: str, recorded: Manifest, again: Manifest) -> Compared:
    before, after = recorded.metrics.get(name), again.metrics.get(name)
    allowed = recorded.tolerance.get(name)
    outcome = _equal(before, after)
    if outcome is Outcome.OTHER and None not in (before, after, allowed):
        near = abs((after or 0.0) - (before or 0.0)) <= (allowed or 0.0)
        outcome = Outcome.WITHIN if near else Outcome.OTHER
    return Compared("metric", name, before, after, outcome, allowed)


def _files(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Compared]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        yield Compared(kind, name, old, new, _equal(old, new))


def _digests(files: Any) -> Mapping[str, str]:
    return {f.name: f.digest for f in files}


def _end(manifest: Manifest) -> str:
    status = manifest.exit_status
    return manifest.outcome + (f", exit status {status}" if status else "")


def _equal(before: Any, after: Any) -> Outcome:
    return Outcome.SAME if before == after else Outcome.OTHER


def _reason(one: Compared) -> str:
    if one.kind == "metric":
        allowed = (
            f"{one.allowed!r} was allowed" if one.allowed is not None else "no tolerance was stated"
        )
        return f"{one.name} was {one.recorded!r}, is {one.again!r}; {allowed}"
    if one.kind == "end":
        return f"the run {one.recorded}, this time it {one.again}"
    if one.again is None:
        return f"{one.kind} {one.name} is missing this time"
    if one.recorded is None:
        return f"{one.kind} {one.name} is new this time"
    return f"{one.kind} {one.name} has other bytes"
