"""The only place that reads this machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """UTC epoch seconds of this machine."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
