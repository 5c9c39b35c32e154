"""An alias on a folder: a strict stand-in for Lambda's, with the versions that it may name."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ladle.disk.alias import Alias, written
from ladle.disk.durable import new_file
from ladle.policy.traffic import ObservedTraffic, Traffic


class DiskTrafficRouter:
    """The TrafficRouter of a ``dir:`` workspace; ``publish`` does what a hand-off does on AWS."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "traffic"

    def publish(self, model: str, release: int, starts: bool = True) -> None:
        """Adds a version; the first one makes the alias."""
        versions = self._versions(model) | {str(release): starts}
        alias = self._alias(model) or Alias(Traffic(release))
        self._store(model, alias, versions)

    def read(self, model: str) -> ObservedTraffic | None:
        alias = self._alias(model)
        return alias.observed() if alias else None

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        versions = self._versions(model)
        known = {int(v) for v in versions}
        alias = written(model, self._alias(model), traffic, expected_revision, known)
        self._store(model, alias, versions)

    def can_start(self, model: str, release: int) -> bool:
        return self._versions(model).get(str(release), False)

    def delete(self, model: str, release: int) -> None:
        alias = self._alias(model)
        if alias is not None:
            left = {v: s for v, s in self._versions(model).items() if v != str(release)}
            self._store(model, alias, left)

    def _load(self, model: str) -> dict[str, Any]:
        try:
            return dict(json.loads((self._folder / f"{model}.json").read_text("utf-8")))
        except FileNotFoundError:
            return {"alias": None, "versions": {}}

    def _alias(self, model: str) -> Alias | None:
        stored = self._load(model)["alias"]
        return stored and Alias(Traffic(**stored["traffic"]), stored["writes"])

    def _versions(self, model: str) -> dict[str, bool]:
        return dict(self._load(model)["versions"])

    def _store(self, model: str, alias: Alias, versions: dict[str, bool]) -> None:
        with new_file(self._folder / f"{model}.json") as file:
            file.write(json.dumps({"alias": asdict(alias), "versions": versions}).encode())
