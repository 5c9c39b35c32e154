"""What a model's log comes to hold of what it is asked and answers is said before it does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ladle.catalog import ModelType, Treatment
from ladle.config.nearest import did_you_mean
from ladle.config.schema import ModelConfig
from ladle.errors import LadleError
from ladle.experiments.manifest import Signature
from ladle.planning.carried import VALUE_BYTES
from ladle.planning.grant import listed
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets import planning_of

LABEL = "label"  # what serving adds to the outputs of a classifier and of a regression
LINE_BYTES = 160  # of a line with one row, but its fields
HASH_BYTES = 34


@dataclass(frozen=True, slots=True)
class Captured:
    """By field. ``has_more``: a transform may take and answer what the model's file does not state."""

    kept: tuple[str, ...]
    hashed: tuple[str, ...]
    dropped: tuple[str, ...]
    has_more: bool
    log_group: str
    days: int

    @property
    def sentences(self) -> Iterator[str]:
        more = ("whatever else the transform takes or answers",) if self.has_more else ()
        each = {"keeps": self.kept, "hashes": self.hashed, "drops": (*self.dropped, *more)}
        said = [f"{verb} {listed(map(shown, names))}" for verb, names in each.items() if names]
        yield "; ".join(said)
        yield (
            f"in the log {self.log_group}, encrypted by CloudWatch, for {self.days} days: whoever may read "
            "the log reads what is kept, and no row can be erased before the others"
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "kept": self.kept,
            "hashed": self.hashed,
            "dropped": self.dropped,
            "has_more": self.has_more,
            "log_group": self.log_group,
            "days": self.days,
        }


def captured(spec: ServiceSpec) -> Captured | None:
    """None for a model that does not ask for it."""
    if not spec.capture:
        return None
    told = spec.capture
    return Captured(
        kept=tuple(name for name in told if told[name] is Treatment.KEEP),
        hashed=tuple(name for name in told if told[name] is Treatment.HASH),
        dropped=tuple(n for n in fields(spec.signature, spec.type) if n not in told),
        has_more=spec.transform is not None,
        log_group=planning_of(spec.target).log_group(spec),
        days=spec.log_retention_days,
    )


def fields(signature: Signature, type_: ModelType) -> tuple[str, ...]:
    """Names that capture can mean, each once."""
    names = [tensor.name for tensor in (*signature.inputs, *signature.outputs)]
    if type_ in (ModelType.CLASSIFICATION, ModelType.REGRESSION):
        names.append(LABEL)
    return tuple(dict.fromkeys(names))


def shown(name: str) -> str:
    """A model file may call its tensors anything."""
    return name if name.isprintable() else repr(name)


def unnamed(config: ModelConfig, signature: Signature) -> tuple[str, ...]:
    """Fields that are dropped because nobody said what becomes of them."""
    found = fields(signature, config.type)
    return tuple(name for name in found if name not in config.capture.classify)


def refuse_unknown(config: ModelConfig, signature: Signature) -> None:
    """Raises LD151 for a name that is no field. Behind a transform others may be."""
    if not config.capture.enabled or config.transform is not None:
        return
    known = fields(signature, config.type)
    can_be_shown = [shown(name) for name in known]
    for name in config.capture.classify:
        if name not in known:
            raise LadleError(
                "LD151",
                f"{config.name}: capture.classify names {shown(name)}, which the model neither takes "
                f"nor answers{did_you_mean(name, can_be_shown)}",
                f"its fields: {', '.join(can_be_shown)}",
            )


def captured_bytes(spec: ServiceSpec) -> int:
    """Of the line of a request with one row. A size that the model leaves open counts as one."""
    if not spec.capture:
        return 0
    tensors = (*spec.signature.inputs, *spec.signature.outputs)
    values = {t.name: math.prod(size or 1 for size in t.shape[1:]) for t in tensors}
    return LINE_BYTES + sum(
        len(name) + (HASH_BYTES if how is Treatment.HASH else VALUE_BYTES * values.get(name, 1))
        for name, how in spec.capture.items()
    )
