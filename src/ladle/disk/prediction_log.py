"""Predicted rows in a folder, a file for each stretch of a request; they do not expire."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

from ladle.disk.durable import new_file
from ladle.quality.labels import PredictionRows
from ladle.quality.outcomes import covers


class DiskPredictionLog:
    """The PredictionLog of a ``dir:`` workspace."""

    def __init__(self, root: Path) -> None:
        self._root = root / "predictions"

    def add(self, rows: PredictionRows, expires_at: float) -> None:
        path = self._folder(rows.model, rows.request_id) / f"{rows.first_row:06d}.json"
        with new_file(path) as file:
            file.write(json.dumps({**asdict(rows), "expires_at": expires_at}).encode())

    def find(self, model: str, request_id: str, row: int) -> PredictionRows | None:
        for path in self._folder(model, request_id).glob("*.json"):
            data = json.loads(path.read_bytes())
            del data["expires_at"]
            rows = PredictionRows(**{**data, "outcomes": tuple(data["outcomes"])})
            if covers(rows, row):
                return rows
        return None

    def _folder(self, model: str, request_id: str) -> Path:
        return self._root / quote(model, safe="") / quote(request_id, safe="")
