"""What a model computes, in short: its operators counted, its weights by shape and content.

Two summaries say what changed in a model that nobody downloads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ladle.digest import canonical_json

SCHEMA = 1
_MOST_TOLD = 6


@dataclass(frozen=True, slots=True)
class Initialiser:
    """A tensor that lies in the file: a weight, a table, a constant. ``dtype`` in ONNX's words."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """``operators`` counts nodes by type; ``more`` initialisers were too many to name."""

    operators: Mapping[str, int]
    initialisers: tuple[Initialiser, ...]
    more: int = 0

    def encode(self) -> bytes:
        return canonical_json({"schema": SCHEMA, **asdict(self)})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> GraphSummary:
        tensors = tuple(
            Initialiser(t["name"], t["dtype"], tuple(t["shape"]), t["digest"])
            for t in data["initialisers"]
        )
        return cls(dict(data["operators"]), tensors, data["more"])


def graph_changes(before: GraphSummary, after: GraphSummary) -> list[str]:
    """Lines: operators that came or went, then weights that came, went, or have other content."""
    lines = []
    for name in sorted({*before.operators, *after.operators}):
        old, new = before.operators.get(name, 0), after.operators.get(name, 0)
        if old != new:
            lines.append(f"operator {name}: {old} → {new}")
    old_tensors = {t.name: t for t in before.initialisers}
    new_tensors = {t.name: t for t in after.initialisers}
    for verb, names in (
        ("removed", [n for n in old_tensors if n not in new_tensors]),
        ("added", [n for n in new_tensors if n not in old_tensors]),
    ):
        lines += [f"weights {verb}: {_listed(names)}"] if names else []
    both = [n for n in new_tensors if n in old_tensors]
    for name in both:
        was, now = old_tensors[name], new_tensors[name]
        if (was.dtype, was.shape) != (now.dtype, now.shape):
            lines.append(f"weights {name}: {_shape(was)} → {_shape(now)}")
    trained = [
        n
        for n in both
        if old_tensors[n].digest != new_tensors[n].digest
        and old_tensors[n].shape == new_tensors[n].shape
    ]
    if trained:
        lines.append(f"other values in {len(trained)} of {len(both)} weights: {_listed(trained)}")
    return lines


def _shape(tensor: Initialiser) -> str:
    return f"{tensor.dtype}[{','.join(map(str, tensor.shape))}]"


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_MOST_TOLD])
    return shown + (f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else "")
