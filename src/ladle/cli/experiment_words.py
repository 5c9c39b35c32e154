"""An experiment in a line or a page of text: what log, show, diff, pin and record print alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ladle.cli.output import table
from ladle.digest import Digest
from ladle.experiments.compare import flatten, tensor_words
from ladle.experiments.manifest import Manifest, RecordedExperiment

_ID_DIGITS = 12


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


def page(recorded: RecordedExperiment, every_package: bool) -> str:
    """All of an experiment that a person asks for; every byte of it is in ``--json``."""
    manifest = recorded.manifest
    blocks = [
        table(["", ""], list(_head(recorded))).strip(),
        _block("data", [[f.name, f.role, size(f.bytes), _digest(f.digest)] for f in manifest.data]),
        _block("params", [[k, str(v)] for k, v in flatten(manifest.params).items()]),
        _block("metrics", [[k, number(v)] for k, v in manifest.metrics.items()]),
        _block("model", list(_model(manifest))),
        _block("environment", list(_environment(manifest, every_package))),
    ]
    return "\n\n".join(b for b in blocks if b)


def _head(recorded: RecordedExperiment) -> Iterator[list[str]]:
    m = recorded.manifest
    yield ["experiment", m.id]
    yield ["model", f"{m.model}, number {recorded.sequence}"]
    yield ["outcome", m.outcome]
    yield ["recorded", f"{m.created_at} by {m.actor}"]
    yield ["after", m.previous or "nothing: it is the first"]
    yield ["commit", _commit(m)]
    yield ["command", " ".join(m.code.argv) or "-"]
    if m.log:
        yield ["output", _digest(m.log)]


def _commit(manifest: Manifest) -> str:
    code = manifest.code
    if code.commit is None:
        return "none: no Git repository, or nothing committed yet"
    return f"{code.commit} and uncommitted changes" if code.dirty else code.commit


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


def _environment(manifest: Manifest, every_package: bool) -> Iterator[list[str]]:
    environment = manifest.environment
    yield ["python", environment.python]
    yield ["platform", environment.platform]
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
