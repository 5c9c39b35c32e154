"""Garbage is what no manifest, no sweep that can be undone and no living session refers to.

Marks come from the manifests of all models as the store has them; nothing is counted along the way,
since counts drift.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ladle.experiments.integrity import expected_objects
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.upkeep import Gone, Session, Sweep, Tombstone

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class CollectPolicy:
    """How long what is kept. ``experiments_s`` None keeps the data of every experiment for ever."""

    grace_s: float = 14 * DAY_S
    undo_s: float = 30 * DAY_S
    deployed_s: float = 90 * DAY_S
    experiments_s: float | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """An experiment whose model served until ``until``; None while it serves."""

    experiment_id: str
    model: str
    until: float | None


@dataclass(frozen=True, slots=True)
class Aged:
    """A stored object as far as a collection asks."""

    digest: str
    bytes: int
    stored_at: float


def let_go(
    recorded: Sequence[RecordedExperiment],
    served: Sequence[Served],
    heads: Collection[str],
    policy: CollectPolicy,
    now: float,
) -> tuple[RecordedExperiment, ...]:
    """Experiments whose data the policy gives up: never one that serves, or did within retention,
    never the newest of a model.
    """
    if policy.experiments_s is None:
        return ()
    kept = {s.experiment_id for s in served if _is_retained(s, policy, now)} | set(heads)
    oldest = now - policy.experiments_s
    return tuple(
        r
        for r in recorded
        if r.manifest.id not in kept and _seconds(r.manifest.created_at) < oldest
    )


def live_objects(
    recorded: Iterable[RecordedExperiment],
    layouts: Mapping[str, Layout],
    sweeps: Sequence[Sweep],
    policy: CollectPolicy,
    now: float,
) -> frozenset[str]:
    """Digests of all that must stay; ``layouts`` by their digest."""
    live = {s.listing for s in sweeps if now - s.at <= policy.undo_s}
    for experiment in recorded:
        live.update(expected_objects(experiment))
        if experiment.layout is not None:
            live.update(p.digest for p in layouts[experiment.layout].packs)
    return frozenset(live)


def is_let_go(recorded: RecordedExperiment, stones: Mapping[str, Tombstone]) -> bool:
    stone = stones.get(recorded.manifest.id)
    return stone is not None and stone.kind is Gone.COLLECTED


def garbage(
    stored: Iterable[Aged],
    live: Collection[str],
    sessions: Sequence[Session],
    policy: CollectPolicy,
    now: float,
) -> tuple[Aged, ...]:
    """What is not live, and older than the grace period and than every session that lives."""
    began = [s.began_at for s in sessions if s.until >= now]
    oldest = min([now - policy.grace_s, *began])
    return tuple(o for o in stored if o.digest not in live and o.stored_at < oldest)


def _is_retained(served: Served, policy: CollectPolicy, now: float) -> bool:
    return served.until is None or now - served.until <= policy.deployed_s


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
