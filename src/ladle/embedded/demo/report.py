"""Gathers what the story left in the ledger and the counters, and writes the page of it."""

from __future__ import annotations

from pathlib import Path

from ladle.actions.answer_why import answer_why, experiment_id_of
from ladle.embedded.demo.page import page
from ladle.embedded.demo.page_facts import PageFacts, ReleaseFacts
from ladle.embedded.demo.story import MODEL, Story
from ladle.experiments.manifest import RecordedExperiment
from ladle.tools.git import Git
from ladle.why.explanation import Explanation
from ladle.why.facts import Subject


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
            number=number,
            status=status,
            experiment=_experiment(story, experiment_id_of(number, records)),
            windows=tuple(workspace.counters.read(MODEL, number, began)),
        )
        for number, status in sorted(state.statuses.items())
    )
    return PageFacts(
        model=MODEL,
        began=began,
        ended=now,
        window_s=newest.policy.window_s,
        releases=releases,
        records=records,
        evidence=tuple(story.evidence),
        log_e_limit=newest.policy.log_e_limit,
        explanation=_explanation(story),
        commands=("scripts/demo --keep", f"ladle history {MODEL}", f"ladle why {MODEL}"),
    )


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
        Git(),
        story.shop.root,
        story.clock.now(),
    )
