"""A delivered batch of log lines becomes counters, each request counted once.

Rows are stored before anything is counted, since a label may wait for them; every step can be
repeated, so that a delivery which failed half-way is simply delivered again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ladle.actions.take_labels import Intake, settle_waiting
from ladle.policy.rollout import RolloutPolicy
from ladle.quality.delivery import LogEvent, Source, read
from ladle.quality.platform_lines import release_of


@dataclass(frozen=True, slots=True)
class Collected:
    """What one delivery held; ``forged`` claimed to be ours and was not, ``seen_before`` says that
    an equal delivery had been counted.
    """

    requests: int
    failures: int
    rows: int
    forged: int
    labels_settled: int
    seen_before: bool


def collect_counts(
    ports: Intake,
    model: str,
    stream: str,
    events: Sequence[LogEvent],
    keys: Sequence[bytes],
    policy: RolloutPolicy,
    bases: Collection[int] = (0,),
) -> Collected:
    """``keys`` are the model's line keys, ``policy`` its newest: window and label terms stand there.
    ``bases`` are those of its homes on Lambda.
    """
    reading = read(events, Source(model, release_of(stream, bases), keys, policy.window_s))
    wanted = reading.rows if policy.labels_expected else []
    for rows in wanted:
        ports.predictions.add(rows, rows.window_start + policy.labels_accept_s)
    batch_id = _batch_id(events)
    batches = {f"failed:{id_}": counts for id_, counts in reading.failures.items()}
    batches |= {f"once:{id_}": counts for id_, counts in reading.once.items()}
    if reading.counts:
        batches[batch_id] = reading.counts
    added = ports.counters.add(batches) if batches else frozenset()
    return Collected(
        requests=sum(c.requests for c in reading.counts.values()),
        failures=sum(c.failed for c in reading.counts.values()) + len(reading.failures),
        rows=sum(len(r.outcomes) for r in wanted),
        forged=reading.forged,
        labels_settled=sum(settle_waiting(ports, rows, policy, events[-1].at) for rows in wanted),
        seen_before=bool(reading.counts) and batch_id not in added,
    )


def _batch_id(events: Sequence[LogEvent]) -> str:
    ids = "\n".join(sorted(event.id for event in events))
    return "lines:" + hashlib.sha256(ids.encode()).hexdigest()
