"""The newest experiments that this machine saw: a chain that ends before them was cut.

``.ladle/heads.json``, by workspace and model. Deleting it forgets them, as it must be when a store
was deleted on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ladle.disk.durable import exclusive, new_file
from ladle.experiments.integrity import Witness
from ladle.experiments.manifest import RecordedExperiment


class SeenHeads:
    """What was seen of one workspace; ``store`` names it for as long as it lives."""

    def __init__(self, root: Path, store: str) -> None:
        self._path = root / ".ladle" / "heads.json"
        self._store = store

    def seen(self) -> Sequence[Witness]:
        return [Witness(**row) for row in self._read().get(self._store, {}).values()]

    def see(self, heads: Iterable[Witness]) -> None:
        """An older head than the one that is known is no news."""
        with exclusive(self._path.with_suffix(".lock")):
            known = self._read()
            rows = known.setdefault(self._store, {})
            for head in heads:
                if head.sequence > rows.get(head.model, {"sequence": 0})["sequence"]:
                    rows[head.model] = asdict(head)
            with new_file(self._path) as file:
                file.write(json.dumps(known, indent=1).encode())

    def saw(self, recorded: RecordedExperiment) -> None:
        manifest = recorded.manifest
        self.see([Witness(manifest.model, manifest.id, recorded.sequence)])

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._path.read_bytes()))
        except (FileNotFoundError, ValueError):
            return {}
