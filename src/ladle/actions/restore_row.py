"""A row of history becomes a package again: the experiment that served then, its data and its code."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ladle.actions.pin_experiment import pin_experiment
from ladle.actions.read_experiment import ExperimentReader
from ladle.actions.restore_experiment import restore_data
from ladle.errors import LadleError, NotFound
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import ManifestStore, Progress, ReleaseLedger, Replay
from ladle.releases.effects import Record
from ladle.why.fates import experiment_ids


@dataclass(frozen=True, slots=True)
class ServedThen:
    """``release`` is the row's own, or what had the most requests at its time."""

    row: Record
    release: int
    experiment_id: str


def served_then(ledger: ReleaseLedger, model: str, wanted: str) -> ServedThen:
    """``wanted`` is a row's id, or its number alone. Raises NotFound LD516, LadleError LD517."""
    rows = ledger.records(model)
    row_id = wanted if "/" in wanted else f"{model}/{wanted}"
    row = next((r for r in rows if r.id == row_id), None)
    release = (row.release or _main(ledger, model, row.at)) if row else None
    if row is None or release is None:
        raise NotFound(
            "LD516",
            f"{model} has no row {wanted} of history that names a release",
            f"ladle history {model} --all lists them",
        )
    experiment_id = experiment_ids(rows).get(release)
    if experiment_id is None:
        raise LadleError(
            "LD517",
            f"release {release} of {model} was made from a model file, not from an experiment",
            f"its commit has it: git log -- model_packages/{model}",
        )
    return ServedThen(row, release, experiment_id)


def restore_package(
    recorded: RecordedExperiment,
    reader: ExperimentReader,
    manifests: ManifestStore,
    replay: Replay,
    package: Path,
    root: Path,
    progress: Progress,
) -> bool:
    """Code first, then data, then the pin. False when no commit of the code is known."""
    manifest = recorded.manifest
    commit = manifest.code.commit
    if commit is not None:
        patch = reader.object(recorded, manifest.code.patch)
        then = replay.prepare(commit, patch) / package.relative_to(root)
        if then.is_dir():
            shutil.copytree(then, package, dirs_exist_ok=True)
    list(restore_data(reader.data(recorded), manifest.data, root, progress, force=True))
    pin_experiment(manifests, reader.objects, manifest.model, manifest.id, package)
    return commit is not None


def _main(ledger: ReleaseLedger, model: str, at: float) -> int | None:
    served = ledger.served(model, at)
    releases = served.served if served else ()
    return max(releases, key=lambda r: r.share).number if releases else None
