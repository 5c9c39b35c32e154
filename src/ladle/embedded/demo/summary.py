"""How the demo ends: one JSON object, and a few lines for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ladle.embedded.demo.console import StageResult
from ladle.embedded.demo.story import MODEL, Story, show_weights
from ladle.policy.traffic import Traffic
from ladle.why.fates import fates

SCHEMA = 1


def alias_json(traffic: Traffic | None) -> dict[str, Any] | None:
    """Version and weights as the interface spells them; weights sum to 1."""
    if traffic is None:
        return None
    weights = {str(n): round(w, 6) for n, w in traffic.weights.items()}
    return {"version": str(traffic.main), "weights": weights}


def summary(story: Story, stages: Sequence[StageResult]) -> dict[str, Any]:
    records = story.workspace.ledger.records(MODEL)
    observed = story.workspace.router.read(MODEL)
    return {
        "schema": SCHEMA,
        "stages": [{"name": s.name, "ok": s.ok, "seconds": s.seconds} for s in stages],
        "experiments": story.experiments,
        "releases": [
            {
                "release": fate.release,
                "version": str(fate.release),
                "experiment": fate.experiment_id,
                "state": fate.status.value,
            }
            for fate in fates(records, story.state())
        ],
        "requests": story.traffic.tally.requests,
        "labels": story.traffic.tally.labels,
        "rolled_back": story.rolled_back,
        "alias": alias_json(observed.traffic if observed else None),
        "redeploy_same_commit": story.redeploy_same_commit,
        "repin_of_quarantined": story.repin_of_quarantined,
        "why": story.why,
        "page": str(story.page) if story.page else None,
    }


def closing_words(story: Story, stages: Sequence[StageResult]) -> str:
    """What happened, in lines that fit a terminal."""
    state = story.state()
    tally = story.traffic.tally
    seconds = sum(s.seconds for s in stages)
    lines = [
        f"{len(stages)} stages, {seconds:.0f} s, {tally.requests} requests, {tally.labels} labels"
    ]
    records = story.workspace.ledger.records(MODEL)
    for fate in fates(records, state):
        accuracy = tally.accuracy(fate.release)
        seen = "no live rows" if accuracy is None else f"{accuracy:.1%} of live rows right"
        experiment = (fate.experiment_id or "no experiment")[:12]
        lines.append(f"release {fate.release}  {fate.status:<12} {experiment}  {seen}")
    if state.traffic is not None:
        lines.append(f"traffic now: {show_weights(state.traffic.weights)}")
    return "\n".join(lines)


def try_next(story: Story) -> str:
    """For ``--keep``: the repository, and commands that work in it."""
    return "\n".join(
        [
            "Everything is left running. Try next:",
            f"  cd {story.shop.root}",
            f"  ladle status {MODEL}        ladle history {MODEL}        ladle why {MODEL}",
            f"  ladle diff {story.experiments[0][:12]} {story.experiments[1][:12]}",
            f"  curl -s {story.cloud.door}/{MODEL}/metadata",
            f"  ladle rollback {MODEL} --yes",
            "  ladle embedded down         (ends it)",
        ]
    )
