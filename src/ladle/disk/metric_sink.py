"""Published evidence in a folder, a line for each reading."""

from __future__ import annotations

import json
from pathlib import Path

from ladle.disk.journal import Journal


class DiskMetricSink:
    """The MetricSink of a ``dir:`` workspace."""

    def __init__(self, root: Path) -> None:
        self._journal = Journal(root / "metrics.jsonl")

    def publish_log_e(self, model: str, log_e: float, at: float) -> None:
        line = json.dumps({"model": model, "log_e": log_e, "at": at})
        with self._journal.locked() as file:
            self._journal.append(file, line.encode())
