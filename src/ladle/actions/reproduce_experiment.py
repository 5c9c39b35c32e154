"""A recorded run, run again from what the store has of it, and an honest verdict on what came out."""

from __future__ import annotations

from ladle.actions.read_experiment import ExperimentReader
from ladle.actions.restore_experiment import restore_data
from ladle.errors import LadleError
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.reproduction import Reproduction, Verdict, judged, obstacles
from ladle.ports import Progress, Replay


def reproduce_experiment(
    recorded: RecordedExperiment, reader: ExperimentReader, replay: Replay, progress: Progress
) -> Reproduction:
    """What stands in the way is a verdict too; only a store that does not answer raises."""
    manifest = recorded.manifest
    if found := obstacles(manifest):
        return Reproduction(Verdict.CANNOT, tuple(found))
    patch = reader.object(recorded, manifest.code.patch)
    if manifest.code.patch and patch is None:
        return Reproduction(Verdict.CANNOT, ("its uncommitted changes are no longer in the store",))
    try:
        folder = replay.prepare(manifest.code.commit or "", patch)
        list(restore_data(reader.data(recorded), manifest.data, folder, progress, force=True))
        draft = replay.run(manifest.code, manifest.model)
    except LadleError as error:
        if error.code not in _TELLING:
            raise
        return Reproduction(Verdict.CANNOT, (str(error.finding.what),))
    return judged(manifest, draft.manifest)


# Code that is not here, data that is gone or altered, a program that is not installed.
_TELLING = ("LD380", "LD311", "LD312", "LD330", "LD352", "LD354", "LD379")
