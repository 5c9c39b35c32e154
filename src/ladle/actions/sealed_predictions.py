"""What was predicted stands in a sealed id itself; only other ids are looked up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ladle.errors import LadleError
from ladle.ports import PredictionLog
from ladle.quality.labels import SEALED_LENGTHS, PredictionRows
from ladle.quality.sealed_id import unseal


@dataclass(frozen=True, slots=True)
class SealedPredictions:
    """A PredictionLog over ``table``; ``keys_of`` gives a model's keys for ids, the newest first."""

    table: PredictionLog
    keys_of: Callable[[str], Sequence[bytes]]

    def add(self, rows: PredictionRows, expires_at: float) -> None:
        self.table.add(rows, expires_at)

    def find(self, model: str, request_id: str, row: int) -> PredictionRows | None:
        """Raises LadleError LD607 for an id that ``model`` never gave out."""
        if len(request_id) not in SEALED_LENGTHS:
            return self.table.find(model, request_id, row)
        rows = unseal(model, request_id, self.keys_of(model))
        if rows is None:
            raise LadleError(
                "LD607",
                f"{model} gave no such prediction id out",
                "send the id as it came, to the model that it came from",
            )
        return rows
