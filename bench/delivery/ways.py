"""Two ways to count what arrives, each as arrays; and the first as the code that is deployed.

The collector marks each batch that it counted: the same batch again adds nothing, one that is cut
anew adds again. A metric has no memory: what comes twice is there twice.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from faults import LINES, MINUTES, STABLE_STREAMS, WINDOW_S, Delivery, Fates, Lines

from ladle.actions.take_labels import Intake
from ladle.policy.rollout import RolloutPolicy
from ladle.quality.counts import Counts, Window, WindowKey
from ladle.quality.lines import RequestLine, RequestOutcome, format_request
from ladle.releases.state import Release, ReleaseState
from ladle.simulation.requests import MemoryCounters
from ladle_runtime.collector.handler import Collector, collect, unpack

BEGAN = 1_789_999_980.0  # UTC epoch seconds, a whole minute
RELEASES = (7, 8)
KEY = b"line key of the study"
LOOK_EVERY = 5  # minutes
LOOKS = (MINUTES + 10) // LOOK_EVERY
MODEL = "study"
POLICY = RolloutPolicy()

Counted = np.ndarray  # [look, minute, arm, (requests, failed)], as known at each look


def sent(lines: Lines) -> Counted:
    """Nothing is late, lost or doubled."""
    return _summed(lines, np.arange(LINES), lines.at)


def collected(lines: Lines, fates: Fates) -> Counted:
    return _delivered(lines, fates, again=np.isfinite(fates.again_s) & _cut(lines, fates))


def arrived_once(lines: Lines, fates: Fates) -> Counted:
    """The most that anybody could count."""
    return _delivered(lines, fates, again=np.zeros(len(fates.lost), dtype=bool))


def metrics(lines: Lines, fates: Fates) -> Counted:
    return _delivered(lines, fates, again=np.isfinite(fates.again_s))


def arms(counted: Counted, look: int) -> tuple[list[Window], list[Window]]:
    """What a judge reads."""
    known = counted[look].tolist()
    stable, candidate = (
        [
            Window(BEGAN + WINDOW_S * minute, Counts(requests=row[arm][0], failed=row[arm][1]))
            for minute, row in enumerate(known)
            if row[arm][0]
        ]
        for arm in (0, 1)
    )
    return stable, candidate


def _cut(lines: Lines, fates: Fates) -> np.ndarray:
    """A batch that the hole left one line of cannot be cut."""
    left = np.bincount(lines.batch, weights=~fates.in_hole, minlength=len(fates.lost))
    return fates.anew & (left > 1)


def _delivered(lines: Lines, fates: Fates, again: np.ndarray) -> Counted:
    here = ~fates.lost[lines.batch] & ~fates.in_hole
    once, twice = np.flatnonzero(here), np.flatnonzero(here & again[lines.batch])
    arrived = np.concatenate(
        [fates.arrives_s[lines.batch[once]], fates.again_s[lines.batch[twice]]]
    )
    return _summed(lines, np.concatenate([once, twice]), arrived)


def _summed(lines: Lines, rows: np.ndarray, arrived: np.ndarray) -> Counted:
    look = np.minimum(arrived // (LOOK_EVERY * WINDOW_S), LOOKS - 1).astype(int)
    minute = (lines.at[rows] // WINDOW_S).astype(int)
    counts = np.zeros((LOOKS, MINUTES, 2, 2), dtype=int)
    np.add.at(counts, (look, minute, lines.arm[rows], 0), 1)
    np.add.at(counts, (look, minute, lines.arm[rows], 1), lines.failed[rows])
    return np.cumsum(counts, axis=0)


# The same by the deployed code


@dataclass(slots=True)
class Metered(MemoryCounters):
    """What DynamoDB would bill: each item of a transaction is written twice."""

    write_units: int = 0
    deliveries: int = 0

    def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
        windows = {key for deltas in batches.values() for key in deltas}
        self.write_units += 2 * (len(batches) + len(windows))
        self.deliveries += 1
        return MemoryCounters.add(self, batches)


class NoRows:
    """Failures are counted, labels are not part of this study."""

    def add(self, *_: object) -> None: ...

    def find(self, *_: object) -> None: ...

    def given(self, *_: object) -> tuple[()]:
        return ()


class OneState:
    """A ledger that knows one rollout."""

    def load(self, model: str) -> ReleaseState:
        stable, candidate = (Release(n, "0", "0", None, BEGAN, POLICY) for n in RELEASES)
        return ReleaseState(model, stable=stable, candidate=candidate)


@dataclass(slots=True)
class Replay:
    """Lines are printed, gathered, zipped as a subscription does, and handed to the collector."""

    counters: Metered = field(default_factory=Metered)
    lines: int = 0
    bytes: int = 0

    def play(self, lines: Lines, arriving: list[Delivery]) -> Counted:
        """What the counters hold at each look."""
        self.counters = replace(self.counters, windows={}, added=set())
        rows = NoRows()
        intake = Intake(self.counters, rows, rows)  # type: ignore[arg-type]
        collector = Collector(intake, OneState(), lambda _: [KEY])  # type: ignore[arg-type]
        texts = [_text(lines, row) for row in range(LINES)]
        counted = np.zeros((LOOKS, MINUTES, 2, 2), dtype=int)
        waiting = iter([*arriving, None])
        delivery = next(waiting)
        for look in range(LOOKS):
            until = (look + 1) * LOOK_EVERY * WINDOW_S if look < LOOKS - 1 else np.inf
            while delivery is not None and delivery.at < until:
                collect(collector, unpack(_event(lines, delivery, texts)))
                self.lines += len(delivery.rows)
                self.bytes += sum(len(texts[row]) for row in delivery.rows)
                delivery = next(waiting)
            counted[look] = self._known()
        return counted

    def _known(self) -> np.ndarray:
        known = np.zeros((MINUTES, 2, 2), dtype=int)
        for arm, release in enumerate(RELEASES):
            for window in self.counters.read(MODEL, release, 0.0):
                minute = round((window.start - BEGAN) / WINDOW_S)
                known[minute, arm] = window.counts.requests, window.counts.failed
        return known


def _text(lines: Lines, row: int) -> str:
    failed = bool(lines.failed[row])
    line = RequestLine(
        MODEL,
        RELEASES[int(lines.stream[row] == STABLE_STREAMS)],
        f"{row:022d}",
        BEGAN + float(lines.at[row]),
        RequestOutcome.FAILED if failed else RequestOutcome.OK,
        500 if failed else 200,
        3.0,
        1,
        False,
        WINDOW_S,
    )
    return format_request(line, KEY) + "\n"


def _event(lines: Lines, delivery: Delivery, texts: list[str]) -> Mapping[str, object]:
    stream = int(lines.stream[delivery.rows[0]])
    release = RELEASES[int(stream == STABLE_STREAMS)]
    data = {
        "messageType": "DATA_MESSAGE",
        "logGroup": f"/ladle/{MODEL}",
        "logStream": f"2026/11/23/[{release}]{stream:032x}",
        "logEvents": [
            {
                "id": f"{row:056d}",
                "timestamp": round((BEGAN + float(lines.at[row])) * 1000),
                "message": texts[row],
            }
            for row in delivery.rows
        ],
    }
    packed = gzip.compress(json.dumps(data).encode(), compresslevel=1)
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}
