"""By labels a candidate is worse when it is so of what was labelled, and of what was answered.

Who labels may leave out right answers of one release only. Then more of its labelled answers are wrong, and
no more of its answered ones: wrong labels for each answered request do not know how many right ones came.
Each reading is an e-process where its own rates are equal, so the smaller of the two is one where either
are. Where both releases are covered alike the two say the same but for chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from ladle.quality.event_share import Bet, Row
from ladle.quality.track import Track, alike


class CheckedTrack(Track):
    """``log_e`` is that of the reading which says less."""

    def __init__(self, worse: Sequence[Bet], better: Sequence[Bet] = ()) -> None:
        super().__init__(worse, better)
        self._of_answered = Track(worse, climbs=False)

    def follow_both(self, first: int, labelled: Sequence[Row], answered: Sequence[Row]) -> int:
        """As ``follow``; what changed in either reading is climbed again."""
        same = first + alike(self._readings[first:], labelled)
        return self._renew(first, min(same, self._of_answered.follow(first, answered)), labelled)

    def log_e(self, windows: int) -> float:
        if windows not in self._log_e:
            both = (self.worse, self._of_answered.worse)
            self._log_e[windows] = min(mixture.log_e(windows) for mixture in both)
        return self._log_e[windows]
