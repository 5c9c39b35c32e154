"""Who follows a rollout asks, each minute, only for the windows that were written to since the last time.

A day of a trial is some thousand windows, and to read them costs a hundred times what weighing them does.
What did not change is the same object as before, by which a judge sees at once that it did not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.counter_store import AwsCounterStore, WindowPart
from ladle.ports import Clock
from ladle.quality.counts import Counts, Window

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A write bears the time at which it was sent. No function that counts lives longer than 15 minutes, and
# the clocks of functions differ by less than one.
LONGEST_WRITE_S = 16 * 60.0
_TRIED = 2  # releases of a model in one rollout


class FollowedCounters(AwsCounterStore):
    """Remembers what it read of the two releases that were read last, for each model."""

    def __init__(
        self, client: DynamoDBClient, clock: Clock, table: str = names.COUNTERS_TABLE
    ) -> None:
        super().__init__(client, clock, table)
        self._known: dict[str, dict[int, _Known]] = {}

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        releases = self._known.setdefault(model, {})
        known = releases.pop(release, None)
        if known is None or known.since != since:
            known = _Known(since)
        asked_at = self._clock.now()
        for part in self._parts(model, release, since, known.written_since):
            known.take(part)
        known.written_since = asked_at - LONGEST_WRITE_S
        releases[release] = known
        for oldest in list(releases)[:-_TRIED]:
            del releases[oldest]
        return known.windows()


@dataclass(slots=True)
class _Known:
    """What was read of a release since ``since``: windows, and the parts that they are summed of."""

    since: float
    written_since: float | None = None
    _parts: dict[float, dict[str, Counts]] = field(default_factory=dict)
    _windows: dict[float, Window] = field(default_factory=dict)

    def take(self, part: WindowPart) -> None:
        parts = self._parts.setdefault(part.start, {})
        if parts.get(part.key) == part.counts:
            return
        parts[part.key] = part.counts
        counts = sum(parts.values(), Counts())
        self._windows[part.start] = Window(part.start, counts)

    def windows(self) -> Sequence[Window]:
        return [self._windows[start] for start in sorted(self._windows)]
