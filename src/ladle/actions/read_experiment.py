"""What an experiment kept, read from its store. What is gone or damaged is None, never something else."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ladle.actions.read_data import DataReader, layout_of_experiment
from ladle.digest import Digest
from ladle.errors import Corrupt, NotFound
from ladle.experiments import profile
from ladle.experiments.graph import GraphSummary
from ladle.experiments.manifest import DataInput, RecordedExperiment
from ladle.experiments.profile import Profiles
from ladle.ports import ObjectStore, PackCatalogue, Workspace


@dataclass(frozen=True, slots=True)
class ExperimentReader:
    """Reads experiments of one workspace; ``store`` is its URL."""

    objects: ObjectStore
    packs: PackCatalogue
    store: str

    @classmethod
    def of(cls, workspace: Workspace, packs: PackCatalogue) -> ExperimentReader:
        return cls(workspace.objects, packs, workspace.url)

    def data(self, recorded: RecordedExperiment) -> DataReader:
        """Of its data and outputs. Raises NotFound, Corrupt."""
        layout = layout_of_experiment(recorded, self.objects)
        return DataReader(self.objects, self.packs, self.store, layout)

    def content(self, recorded: RecordedExperiment, digest: str) -> bytes | None:
        """A file of its data, all of it in memory."""
        found = io.BytesIO()
        try:
            self.data(recorded).copy(digest, found)
        except (NotFound, Corrupt):
            return None
        return found.getvalue()

    def object(self, recorded: RecordedExperiment, digest: str | None) -> bytes | None:
        """Its patch, log, steps, profiles, model or graph; None also for none."""
        if digest is None:
            return None
        try:
            with self.objects.open(Digest.parse(digest), recorded.locators.get(digest)) as stream:
                return stream.read()
        except (NotFound, Corrupt):
            return None

    def profiles(self, recorded: RecordedExperiment, data: DataInput) -> Profiles:
        """Of the tables in one input, by their paths below it; "" is the input itself."""
        content = self.object(recorded, data.profile)
        return profile.decode(json.loads(content)) if content else {}

    def graph(self, recorded: RecordedExperiment) -> GraphSummary | None:
        artefact = recorded.manifest.artefact
        content = self.object(recorded, artefact.graph if artefact else None)
        return GraphSummary.from_json(json.loads(content)) if content else None

    def steps(self, recorded: RecordedExperiment) -> list[Mapping[str, Any]]:
        content = self.object(recorded, recorded.manifest.steps) or b""
        return [json.loads(line) for line in content.splitlines()]
