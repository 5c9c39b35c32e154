"""The ports of one workspace."""

from __future__ import annotations

from dataclasses import dataclass

from ladle.ports.releases import ReleaseInbox, ReleaseLedger, TrafficRouter
from ladle.ports.stores import ManifestStore, ObjectStore, ReleaseCopies, Upkeep
from ladle.ports.watching import CounterStore, LabelStore, PredictionLog


@dataclass(frozen=True, slots=True)
class Workspace:
    """The ports of one workspace URL, as wiring put them together."""

    url: str
    objects: ObjectStore
    manifests: ManifestStore
    upkeep: Upkeep
    copies: ReleaseCopies
    ledger: ReleaseLedger
    inbox: ReleaseInbox
    counters: CounterStore
    predictions: PredictionLog
    labels: LabelStore
    router: TrafficRouter
