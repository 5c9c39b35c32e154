"""The relatives of an experiment are found by what names them, however many others a store has."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress

from ladle.errors import NotFound
from ladle.experiments.lineage import Bond, bonds_to
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import ManifestStore


def find_family(manifests: ManifestStore, of: RecordedExperiment) -> Sequence[RecordedExperiment]:
    """``of`` with all that ``lineage`` tells of it: ancestors, descendants, who shares its data."""
    family = _Family(manifests, of)
    family.add(manifests.bound(bonds_to(of.manifest)))
    generation = [of]
    while generation:  # backwards: each names its parents
        generation = family.add({p for one in generation for p in one.manifest.parents})
    generation = [of]
    while generation:  # onwards: who names these as parents
        ids = [Bond.BEGAN_FROM.to(one.manifest.id) for one in generation]
        generation = family.add(manifests.bound(ids))
    return tuple(family.found.values())


class _Family:
    def __init__(self, manifests: ManifestStore, of: RecordedExperiment) -> None:
        self._manifests = manifests
        self.found = {of.manifest.id: of}

    def add(self, ids: Collection[str]) -> list[RecordedExperiment]:
        """Each once read; one that is not in this store is nobody."""
        there = []
        for id_ in sorted(ids):
            with suppress(NotFound):
                if id_ not in self.found:
                    self.found[id_] = self._manifests.get(id_)
                there.append(self.found[id_])
        return there
