"""Facts are gathered for one question, then explained; nothing is written anywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from ladle.actions.compare_experiments import compare_experiments
from ladle.actions.judge_quality import read_evidence
from ladle.actions.read_experiment import ExperimentReader
from ladle.errors import Corrupt, NotFound
from ladle.experiments.manifest import RecordedExperiment
from ladle.policy.verdicts import ArmCounts
from ladle.ports import CounterStore, ManifestStore, PackCatalogue, SourceControl, Workspace
from ladle.quality.counts import Window, total
from ladle.quality.drift import Onset, onsets, reference_key
from ladle.quality.segments import by_segment
from ladle.releases.deploy_log import Deployment
from ladle.releases.effects import Record
from ladle.why.change import QualityReport, asked_about, quality_report
from ladle.why.explain import explain
from ladle.why.explanation import Explanation
from ladle.why.facts import ComparedExperiments, Facts, Subject
from ladle.why.fates import experiment_ids
from ladle.why.focus import Focus, asks_the_labels, focus
from ladle.why.mix import Mix, mixes
from ladle.why.season import DAY_S


def answer_why(
    subject: Subject,
    workspace: Workspace,
    packs: PackCatalogue,
    source: SourceControl,
    folder: Path,
    now: float,
) -> Explanation:
    """``folder`` is the repository whose commits may tell what changed in the code.

    Raises NotFound LD540 or LD541 when history has nothing of what is asked about.
    """
    state = workspace.ledger.load(subject.model)
    records = tuple(workspace.ledger.records(subject.model))
    served = tuple(workspace.ledger.deployments(subject.model))
    quality = None
    drifted: tuple[Onset, ...] = ()
    mixed: tuple[Mix, ...] = ()
    if asks_the_labels(subject, focus(subject, records, state)):
        windows = _windows(subject, served, records, workspace.counters, now)
        quality = quality_report(windows, now, subject.at)
        drifted = _drifted(subject.model, windows, workspace.counters)
        mixed = _mixes(windows, quality)
    found = focus(subject, records, state, quality)
    experiments = _experiments(found, records, workspace.manifests)
    reader = ExperimentReader.of(workspace, packs)
    running = found.trial is not None and found.trial.ended is None
    return explain(
        Facts(
            subject=subject,
            now=now,
            records=records,
            state=state,
            experiments=experiments,
            compared=_compared(found, experiments, reader, source, folder),
            evidence=read_evidence(workspace.counters, state, now) if running else None,
            quality=quality,
            served=served,
            drifted=drifted,
            mixes=mixed,
        )
    )


def _windows(
    subject: Subject,
    served: Sequence[Deployment],
    records: Sequence[Record],
    counters: CounterStore,
    now: float,
) -> Mapping[int, Sequence[Window]]:
    """Counters of every release that served in the time that is asked about."""
    since, until = asked_about(now, subject.at)
    within = [row for row in served if row.at <= until]
    before = [row for row in within if row.at <= since][-1:]
    rows = before + [row for row in within if row.at > since]
    releases = {release.number for row in rows for release in row.served}
    if not served:  # a ledger that was begun before there was a deploy log
        releases = set(experiment_ids(records))
    return {n: counters.read(subject.model, n, since) for n in sorted(releases)}


def _mixes(windows: Mapping[int, Sequence[Window]], quality: QualityReport) -> tuple[Mix, ...]:
    """Of the same length before and after the change, a week at most, so that weekdays weigh alike."""
    change, end = quality.change, quality.series.ripe_until
    if change is None:
        return ()
    length = min(change.began - quality.series.start, end - change.ended, 7 * DAY_S)

    def labelled(since: float, until: float) -> Mapping[str, ArmCounts]:
        within = (w for found in windows.values() for w in found if since <= w.start < until)
        return by_segment(total(within), quality.series.read)

    before = labelled(change.began - length, change.began)
    return tuple(mixes(before, labelled(change.ended, change.ended + length)))


def _drifted(
    model: str, windows: Mapping[int, Sequence[Window]], counters: CounterStore
) -> tuple[Onset, ...]:
    found: list[Onset] = []
    for release, seen in windows.items():
        key = reference_key(model, release)
        reference = total(counters.read(key.model, key.release, 0.0))
        found += onsets(release, reference, seen)
    return tuple(found)


def _experiments(
    found: Focus, records: Sequence[Record], manifests: ManifestStore
) -> Mapping[int, RecordedExperiment]:
    """By release; what was never recorded, or is no longer whole, is left out."""
    experiments = {}
    for release, id_ in experiment_ids(records).items():
        if id_ is not None and release in (found.against, found.release):
            with contextlib.suppress(NotFound, Corrupt):
                experiments[release] = manifests.get(id_)
    return experiments


def _compared(
    found: Focus,
    experiments: Mapping[int, RecordedExperiment],
    reader: ExperimentReader,
    source: SourceControl,
    folder: Path,
) -> ComparedExperiments | None:
    if found.release is None or found.against is None:
        return None
    before, after = experiments.get(found.against), experiments.get(found.release)
    if before is None or after is None:
        return None
    return compare_experiments(before, after, reader, source, folder)
