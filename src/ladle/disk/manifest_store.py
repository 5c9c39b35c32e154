"""Manifests in a folder: the file of the next sequence number is the compare-and-set.

``manifests/<model>/<12-digit seq>.json`` is created exclusively, so that of two writers that saw
the same head one wins; nothing else has to be in step with it, and a crash leaves nothing half done.
``ids/<id>`` only says where to look.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ladle.disk.durable import exclusive, new_file
from ladle.disk.upkeep import DiskUpkeep
from ladle.errors import Conflict, Corrupt, LadleError
from ladle.experiments.chain import Chain, ChainLink, found_again
from ladle.experiments.lineage import bonds as bonds_of
from ladle.experiments.manifest import Locator, Manifest, RecordedExperiment
from ladle.experiments.names import ambiguous, read_id, unknown


class DiskManifestStore:
    """The ManifestStore of a ``dir:`` workspace."""

    def __init__(self, root: Path) -> None:
        self._manifests = root / "manifests"
        self._ids = root / "ids"
        self._upkeep = DiskUpkeep(root)

    def append(
        self,
        manifest: Manifest,
        locators: Mapping[str, Locator],
        layout: str | None = None,
        epoch: int | None = None,
    ) -> RecordedExperiment:
        experiment_id = manifest.id
        last = self._last(manifest.model)
        if (last.manifest.id if last else None) != manifest.previous:
            return found_again(self.get, experiment_id)
        recorded = RecordedExperiment(manifest, locators, last.sequence + 1 if last else 1, layout)
        path = self._path(manifest.model, recorded.sequence)
        with new_file(self._ids / experiment_id) as hint:
            hint.write(str(path.relative_to(self._manifests)).encode())
        try:
            with (
                self._upkeep.held_at(epoch),
                new_file(path, exclusive=True) as file,
            ):
                file.write(json.dumps(recorded.to_json(), indent=1).encode())
        except FileExistsError:
            return found_again(self.get, experiment_id)
        return recorded

    def relocate(
        self, recorded: RecordedExperiment, locators: Mapping[str, Locator], layout: str
    ) -> None:
        path = self._path(recorded.manifest.model, recorded.sequence)
        with exclusive(path.with_suffix(".lock")):
            if _read(path).layout != recorded.layout:
                raise Conflict("LD303", "the experiment was moved meanwhile", "read it again")
            moved = replace(recorded, locators=locators, layout=layout)
            with new_file(path) as file:
                file.write(json.dumps(moved.to_json(), indent=1).encode())

    def put_back(self, recorded: RecordedExperiment) -> None:
        path = self._path(recorded.manifest.model, recorded.sequence)
        with exclusive(path.with_suffix(".lock")):
            if _link(path).recorded is None:
                try:
                    with new_file(path, exclusive=not path.exists()) as file:
                        file.write(json.dumps(recorded.to_json(), indent=1).encode())
                except FileExistsError as error:
                    raise Conflict(
                        "LD303", "another experiment was recorded", "try again"
                    ) from error
        with new_file(self._ids / recorded.manifest.id) as hint:
            hint.write(str(path.relative_to(self._manifests)).encode())

    def head(self, model: str) -> str | None:
        last = self._last(model)
        return last.manifest.id if last else None

    def get(self, experiment_id: str) -> RecordedExperiment:
        prefix = read_id(experiment_id)
        hints = sorted(self._ids.glob(f"{prefix}*"))
        found = [r for r in map(self._committed, hints) if r is not None]
        if not found:
            raise unknown(experiment_id)
        if len(found) > 1:
            raise ambiguous(experiment_id, [r.manifest.id for r in found])
        return found[0]

    def log(self, model: str, limit: int = 100) -> Sequence[RecordedExperiment]:
        paths = sorted((self._manifests / model).glob("*.json"), reverse=True)
        return [_read(path) for path in paths[:limit]]

    def chain(self, model: str) -> Chain:
        """A listing may miss a file that is made meanwhile and show the one after it: it is read
        until it stays the same.
        """
        paths, again = self._paths(model), self._paths(model)
        while paths != again:
            paths, again = again, self._paths(model)
        links = tuple(map(_link, paths))
        return Chain(model, links, (links[-1].id, links[-1].sequence) if links else None)

    def models(self) -> Sequence[str]:
        return sorted(p.name for p in self._manifests.glob("*") if p.is_dir())

    def bound(self, bonds: Collection[str]) -> Collection[str]:
        wanted = set(bonds)
        everything = [r for model in self.models() for r in self.chain(model).recorded]
        return {r.manifest.id for r in everything if wanted.intersection(bonds_of(r.manifest))}

    def _path(self, model: str, sequence: int) -> Path:
        return self._manifests / model / f"{sequence:012d}.json"

    def _paths(self, model: str) -> list[Path]:
        return sorted((self._manifests / model).glob("*.json"))

    def _last(self, model: str) -> RecordedExperiment | None:
        newest = self.log(model, limit=1)
        return newest[0] if newest else None

    def _committed(self, hint: Path) -> RecordedExperiment | None:
        """None for the hint of a writer that lost the race, or crashed before it committed."""
        path = self._manifests / hint.read_text()
        recorded = _read(path) if path.is_file() else None
        return recorded if recorded and recorded.manifest.id == hint.name else None


def _link(path: Path) -> ChainLink:
    """The name of the file says which place it is, whatever its content claims."""
    sequence = int(path.stem)
    try:
        recorded = _read(path)
    except FileNotFoundError:
        return ChainLink(sequence, "", None, f"{path.name} is gone")
    except LadleError as error:
        return ChainLink(sequence, "", None, error.finding.what)
    if recorded.sequence != sequence:
        why = f"{path.name} holds number {recorded.sequence}"
        return ChainLink(sequence, recorded.manifest.id, None, why)
    return ChainLink(sequence, recorded.manifest.id, recorded)


def _read(path: Path) -> RecordedExperiment:
    try:
        return RecordedExperiment.from_json(json.loads(path.read_bytes()))
    except LadleError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise Corrupt(
            "LD310",
            f"{path} is no manifest any more: {error}",
            "restore it from a copy of the store, or pin another experiment",
        ) from error
