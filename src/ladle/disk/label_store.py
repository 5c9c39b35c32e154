"""Labels in a folder, a file for each request; a lock makes each change a compare-and-set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from ladle.disk.durable import new_file
from ladle.disk.journal import Journal
from ladle.quality.acceptance import Counting, StoredLabel, accept
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome


class DiskLabelStore:
    """The LabelStore of a ``dir:`` workspace; its labels do not expire."""

    def __init__(self, root: Path) -> None:
        self._root = root / "labels"
        self._lock = Journal(self._root / "lock")

    def accept(
        self,
        model: str,
        label: Label,
        outcome: LabelOutcome | None,
        expires_at: float,
        by: Counting,
    ) -> AcceptedLabel:
        with self._lock.locked():
            path = self._path(model, label.request_id)
            labels = _read(path)
            key = str(label.row)
            wanted = accept(labels.get(key), label, outcome, by)
            if wanted.write is not None:
                bodies = {k: v.to_json() for k, v in (labels | {key: wanted.write}).items()}
                with new_file(path) as file:
                    file.write(json.dumps(bodies).encode())
            return wanted.accepted

    def given(self, model: str, request_id: str) -> Sequence[Label]:
        return [stored.label for stored in _read(self._path(model, request_id)).values()]

    def _path(self, model: str, request_id: str) -> Path:
        return self._root / quote(model, safe="") / f"{quote(request_id, safe='')}.json"


def _read(path: Path) -> dict[str, StoredLabel]:
    if not path.exists():
        return {}
    return {k: StoredLabel.from_json(body) for k, body in json.loads(path.read_bytes()).items()}
