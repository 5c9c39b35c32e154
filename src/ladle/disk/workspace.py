"""The ports of a folder: experiments without any account, and a strict double of releases."""

from __future__ import annotations

from pathlib import Path

from ladle.disk.counter_store import DiskCounterStore
from ladle.disk.label_store import DiskLabelStore
from ladle.disk.manifest_store import DiskManifestStore
from ladle.disk.object_store import DiskObjectStore
from ladle.disk.prediction_log import DiskPredictionLog
from ladle.disk.release_copies import NoReleaseCopies
from ladle.disk.release_inbox import DiskReleaseInbox
from ladle.disk.release_ledger import DiskReleaseLedger
from ladle.disk.traffic_router import DiskTrafficRouter
from ladle.disk.upkeep import DiskUpkeep
from ladle.ports import Workspace


def disk_workspace(root: Path, url: str) -> Workspace:
    """Every port keeps its files in a folder of its own below ``root``."""
    return Workspace(
        url=url,
        objects=DiskObjectStore(root),
        manifests=DiskManifestStore(root),
        upkeep=DiskUpkeep(root),
        copies=NoReleaseCopies(),
        ledger=DiskReleaseLedger(root),
        inbox=DiskReleaseInbox(root),
        counters=DiskCounterStore(root),
        predictions=DiskPredictionLog(root),
        labels=DiskLabelStore(root),
        router=DiskTrafficRouter(root),
    )
