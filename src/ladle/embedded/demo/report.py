"""Gathers what the story left in the ledger and the counters, and writes the page of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ladle.actions.answer_why import answer_why
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.embedded.demo.page import page
from ladle.embedded.demo.page_facts import EvidencePoint, PageFacts, ReleaseFacts
from ladle.embedded.demo.story import MODEL, Story
from ladle.experiments.manifest import RecordedExperiment
from ladle.releases.effects import Record
from ladle.tools.git import Git
from ladle.why.change import quality_report
from ladle.why.explanation import Explanation
from ladle.why.facts import Subject
from ladle.why.fates import fates
from ladle.why.trials import evidence_in


def write_page(story: Story, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(gather(story)), encoding="utf-8")
    return path


def gather(story: Story) -> PageFacts:
    workspace, state = story.workspace, story.state()
    now = story.clock.now()
    records = tuple(workspace.ledger.records(MODEL))
    began = min((r.at for r in records), default=now)
    newest = max(state.releases, key=lambda r: r.number)
    releases = tuple(
        ReleaseFacts(
            number=fate.release,
            status=fate.status,
            experiment=_experiment(story, fate.experiment_id),
            windows=tuple(workspace.counters.read(MODEL, fate.release, began)),
        )
        for fate in fates(records, state)
    )
    return PageFacts(
        model=MODEL,
        began=began,
        ended=now,
        window_s=newest.policy.window_s,
        releases=releases,
        records=records,
        evidence=tuple(_evidence(story, records)),
        log_e_limit=newest.policy.log_e_limit,
        explanation=_explanation(story),
        quality=quality_report({r.number: r.windows for r in releases}, now),
        commands=("scripts/demo --keep", f"ladle history {MODEL}", f"ladle why {MODEL}"),
    )


def _evidence(story: Story, records: Sequence[Record]) -> list[EvidencePoint]:
    """What was read while the story waited, and what the decisions themselves were made on."""
    found = list(story.evidence)
    for row in records:
        evidence = evidence_in(row)
        if evidence and evidence.candidate_release != evidence.stable_release:
            found.append(EvidencePoint(evidence.candidate_release, row.at, evidence.log_e))
    return sorted(found, key=lambda point: point.at)


def _experiment(story: Story, id_: str | None) -> RecordedExperiment | None:
    return story.workspace.manifests.get(id_) if id_ else None


def _explanation(story: Story) -> Explanation | None:
    """Why the damaged release went back; None when the story never came so far."""
    release = story.rolled_back.get("release")
    if release is None:
        return None
    return answer_why(
        Subject(MODEL, release=release),
        story.workspace,
        SqlitePackCatalogue(story.shop.root / ".ladle" / "index.sqlite"),
        Git(),
        story.shop.root,
        story.clock.now(),
    )
