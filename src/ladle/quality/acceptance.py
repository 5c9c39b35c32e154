"""A prediction's label moves forward only: a newer value corrects it, at most three times.

What adapters of LabelStore decide by, inside their own compare-and-set.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ladle.errors import LadleError
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome

MAX_CORRECTIONS = 3


@dataclass(frozen=True, slots=True)
class StoredLabel:
    """The newest label of a prediction; ``replaced`` is what the value before it had added."""

    label: Label
    number: int
    outcome: LabelOutcome | None
    replaced: LabelOutcome | None

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> StoredLabel:
        data = json.loads(text)
        return cls(
            Label(**data["label"]),
            data["number"],
            data["outcome"] and LabelOutcome(**data["outcome"]),
            data["replaced"] and LabelOutcome(**data["replaced"]),
        )


@dataclass(frozen=True, slots=True)
class Acceptance:
    """``write`` is None when the store keeps what it has."""

    write: StoredLabel | None
    accepted: AcceptedLabel


def accept(stored: StoredLabel | None, label: Label, outcome: LabelOutcome | None) -> Acceptance:
    """What becomes of ``label``; raises LadleError LD603 for a fourth correction."""
    if stored is None:
        return _write(StoredLabel(label, 0, outcome, None), new=True)
    if label.value == stored.label.value and type(label.value) is type(stored.label.value):
        if stored.outcome is None and outcome is not None:
            settled = StoredLabel(stored.label, stored.number, outcome, stored.replaced)
            return _write(settled, new=False)
        return _keep(stored)
    if label.at < stored.label.at:
        return _keep(stored)
    if stored.number >= MAX_CORRECTIONS:
        raise LadleError(
            "LD603",
            f"the label of {label.prediction_id} was corrected {MAX_CORRECTIONS} times already",
            "find out why its source keeps changing its mind; the value that stands is kept",
        )
    before = stored.outcome or stored.replaced
    return _write(StoredLabel(label, stored.number + 1, outcome, before), new=True)


def _write(stored: StoredLabel, new: bool) -> Acceptance:
    accepted = AcceptedLabel(stored.number, stored.outcome, stored.replaced, new)
    return Acceptance(stored, accepted)


def _keep(stored: StoredLabel) -> Acceptance:
    accepted = AcceptedLabel(stored.number, stored.outcome, stored.replaced, new=False)
    return Acceptance(None, accepted)
