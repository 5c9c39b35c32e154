"""A prediction's label moves forward only: a newer value corrects it, at most three times.

What adapters of LabelStore decide by, inside their own compare-and-set. A stored label names the
batch of counters that counts it. A batch whose caller died is never added: whoever meets one of its
labels takes that label over.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from ladle.errors import LadleError
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome

MAX_CORRECTIONS = 3


@dataclass(frozen=True, slots=True)
class Counting:
    """The batch that will count what is accepted now; ``was_added`` says of another whether it did."""

    batch: str
    was_added: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class StoredLabel:
    """The newest label of a prediction; ``replaced`` is what the value before it had added."""

    label: Label
    number: int
    outcome: LabelOutcome | None
    replaced: LabelOutcome | None
    batch: str

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
            data["batch"],
        )


@dataclass(frozen=True, slots=True)
class Acceptance:
    """``write`` is None when the store keeps what it has."""

    write: StoredLabel | None
    accepted: AcceptedLabel


def accept(
    stored: StoredLabel | None, label: Label, outcome: LabelOutcome | None, by: Counting
) -> Acceptance:
    """What becomes of ``label``; raises LadleError LD603 for a fourth correction."""
    if stored is None:
        return _write(StoredLabel(label, 0, outcome, None, by.batch), new=True)
    counted = stored.outcome is not None and by.was_added(stored.batch)
    known = label.value == stored.label.value and type(label.value) is type(stored.label.value)
    if known or label.at < stored.label.at:
        settled = stored.outcome or (outcome if known else None)
        if counted or settled is None:
            stands = AcceptedLabel(stored.number, stored.outcome, stored.replaced, False, False)
            return Acceptance(None, stands)
        ours = StoredLabel(stored.label, stored.number, settled, stored.replaced, by.batch)
        return _write(ours, new=False)
    if stored.number >= MAX_CORRECTIONS:
        raise LadleError(
            "LD603",
            f"the label of {label.prediction_id} was corrected {MAX_CORRECTIONS} times already",
            "find out why its source keeps changing its mind; the value that stands is kept",
        )
    before = stored.outcome if counted else stored.replaced
    return _write(StoredLabel(label, stored.number + 1, outcome, before, by.batch), new=True)


def _write(stored: StoredLabel, new: bool) -> Acceptance:
    counts = stored.outcome is not None
    accepted = AcceptedLabel(stored.number, stored.outcome, stored.replaced, counts, new)
    return Acceptance(stored, accepted)
