"""An experiment in a line or a page of text: what log, show, diff, pin and record print alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ladle.cli.output import table
from ladle.digest import Digest
from ladle.experiments.compare import flatten, tensor_words
from ladle.experiments.manifest import DataInput, Manifest, RecordedExperiment
from ladle.experiments.profile import ColumnProfile, TableProfile
from ladle.experiments.profile_words import table_words
from ladle.experiments.timestamps import seconds_between
from ladle.why.words import plural, span

_ID_DIGITS = 12
_BLOCKS = "▁▂▃▄▅▆▇█"
_MARKS = 24
_TOP = 3


@dataclass(frozen=True, slots=True)
class Kept:
    """What was read of an experiment beside its manifest: profiles by file, metrics by step."""

    tables: Mapping[str, TableProfile] = field(default_factory=dict)
    steps: Sequence[Mapping[str, Any]] = ()


def one_line(recorded: RecordedExperiment) -> str:
    """``digits 3, 1a2b3c4d5e6f: accuracy 0.9711``."""
    manifest = recorded.manifest
    told = metrics_words(manifest) if manifest.outcome == "succeeded" else manifest.outcome
    return f"{manifest.model} {recorded.sequence}, {short(manifest.id)}: {told}"


def short(experiment_id: str) -> str:
    return experiment_id[:_ID_DIGITS]


def metrics_words(manifest: Manifest) -> str:
    return ", ".join(f"{k} {number(v)}" for k, v in manifest.metrics.items()) or "no metrics"


def number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def size(count: int) -> str:
    """``742 B``, ``61.2 kB``, ``1.3 GB``: powers of ten, as S3 bills."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.3g} {unit}"
        amount /= 1000
    raise AssertionError("unreachable")


def log_table(log: list[RecordedExperiment], pinned: Mapping[str, str]) -> str:
    """``pinned`` maps a model to the id that its package points to; that row has a star."""
    rows = [
        [
            ("* " if pinned.get(m.model) == m.id else "  ") + short(m.id),
            m.model,
            str(r.sequence),
            m.created_at[:16].replace("T", " "),
            m.outcome,
            m.code.commit[:8] + ("+" if m.code.dirty else "") if m.code.commit else "-",
            metrics_words(m),
        ]
        for r in log
        for m in [r.manifest]
    ]
    return table(["  ID", "MODEL", "NO", "RECORDED (UTC)", "OUTCOME", "COMMIT", "METRICS"], rows)


def page(recorded: RecordedExperiment, kept: Kept, every_package: bool) -> str:
    """All of an experiment that a person asks for; every byte of it is in ``--json``."""
    manifest = recorded.manifest
    blocks = [
        table(["", ""], list(_head(recorded))).strip(),
        _block("data", [_file(f, kept) for f in manifest.data]),
        _block("params", [[k, str(v)] for k, v in flatten(manifest.params).items()]),
        _block("metrics", [_metric(k, v, manifest, kept) for k, v in manifest.metrics.items()]),
        _block("model", list(_model(manifest))),
        _block("outputs", [_file(f, kept) for f in manifest.outputs]),
        _block("environment", list(_environment(manifest, every_package))),
    ]
    return "\n\n".join(b for b in blocks if b)


def columns_page(kept: Kept) -> str:
    """A table a table: what its columns hold."""
    head = ["COLUMN", "TYPE", "EMPTY", "DISTINCT", "LEAST", "MEDIAN", "MOST", "MOST FREQUENT"]
    blocks = [
        f"{name}: {table_words(found)}\n{table(head, [_column(c) for c in found.columns])}"
        for name, found in kept.tables.items()
    ]
    return "\n\n".join(blocks) or "no table among its data was profiled"


def sparkline(values: Sequence[float]) -> str:
    """``▁▃▆█``: at most so many marks, each the last value of its stretch."""
    if not values:
        return ""
    marks = min(len(values), _MARKS)
    shown = [values[(i + 1) * len(values) // marks - 1] for i in range(marks)]
    low, high = min(shown), max(shown)
    span = high - low or 1.0
    return "".join(_BLOCKS[round((v - low) / span * (len(_BLOCKS) - 1))] for v in shown)


def _file(file: DataInput, kept: Kept) -> list[str]:
    count = plural(file.files, "file") if file.kind == "folder" else ""
    found = kept.tables.get(file.name)
    return [
        file.name,
        file.role,
        size(file.bytes),
        count or (table_words(found) if found else ""),
        _digest(file.digest),
    ]


def _metric(name: str, value: float, manifest: Manifest, kept: Kept) -> list[str]:
    allowed = manifest.tolerance.get(name)
    steps = [float(s[name]) for s in kept.steps if name in s]
    told = f"{sparkline(steps)} {len(steps)} steps" if steps else ""
    return [name, number(value), f"± {number(allowed)}" if allowed is not None else "", told]


def _column(column: ColumnProfile) -> list[str]:
    median = number(column.quantiles[1]) if column.quantiles else ""
    top = ", ".join(f"{value} ({count:,})" for value, count in column.top[:_TOP])
    least, most = ("" if v is None else number(v) for v in (column.least, column.most))
    return [
        column.name,
        str(column.type),
        f"{column.nulls:,}",
        f"{column.distinct:,}",
        least,
        median,
        most,
        top,
    ]


def _head(recorded: RecordedExperiment) -> Iterator[list[str]]:
    m = recorded.manifest
    yield ["experiment", m.id]
    yield ["model", f"{m.model}, number {recorded.sequence}"]
    yield ["outcome", m.outcome + (f", exit status {m.exit_status}" if m.exit_status else "")]
    yield ["recorded", f"{m.created_at} by {m.actor}"]
    if m.started_at:
        took = span(seconds_between(m.started_at, m.created_at))
        yield ["started", f"{m.started_at}, {took} before it was recorded"]
    yield ["after", m.previous or "nothing: it is the first"]
    for parent in m.parents:
        yield ["began from", parent]
    if m.origin:
        yield ["imported", f"from {m.origin}"]
    yield ["commit", _commit(m)]
    yield ["command", " ".join(m.code.argv) or "-"]
    if m.code.folder != ".":
        yield ["started in", m.code.folder]
    if m.log:
        yield ["output", f"{_digest(m.log)} (--output prints it)"]


def _commit(manifest: Manifest) -> str:
    code = manifest.code
    if code.commit is None:
        return "none: no Git repository, or nothing committed yet"
    hint = "" if code.patch is None else " (--patch prints them)"
    return f"{code.commit} and uncommitted changes{hint}" if code.dirty else code.commit


def _model(manifest: Manifest) -> Iterator[list[str]]:
    artefact = manifest.artefact
    if artefact is None:
        yield ["none", ""]
        return
    opset = f", opset {artefact.opset}" if artefact.opset else ""
    yield [artefact.name, f"{artefact.format}{opset}, {size(artefact.bytes)}"]
    yield ["sha256", artefact.digest.removeprefix("sha256:")]
    yield ["inputs", tensor_words(artefact.signature.inputs)]
    yield ["outputs", tensor_words(artefact.signature.outputs)]
    if made := artefact.optimised:
        for_what = f"for onnxruntime {made.onnxruntime} on {made.machine}"
        yield [
            "optimised",
            f"{for_what}; {made.rows} rows answered alike, within {made.tolerance:g}",
        ]


def _environment(manifest: Manifest, every_package: bool) -> Iterator[list[str]]:
    environment = manifest.environment
    yield ["python", environment.python]
    yield ["platform", environment.platform]
    if environment.lock_file:
        yield ["lock file", _digest(environment.lock_file)]
    if environment.image:
        yield ["image", environment.image]
    packages = list(environment.packages.items())
    shown = packages if every_package else []
    yield ["packages", f"{len(packages)}, {_digest(environment.lock)}" + _hint(packages, shown)]
    yield from ([name, version] for name, version in shown)


def _hint(packages: list[Any], shown: list[Any]) -> str:
    return " (--packages lists them)" if len(shown) < len(packages) else ""


def _block(title: str, rows: list[list[str]]) -> str:
    if not rows:
        return ""
    width = len(rows[0])
    lines = table([""] * width, rows).split("\n")[1:]
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _digest(text: str) -> str:
    return Digest.parse(text).short
