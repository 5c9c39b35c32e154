"""Requests that are ready in the same tick of the loop share a run; nobody waits for a timer.

A run above a millisecond goes to a thread, and what arrives meanwhile shares the next one.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.pace import Pace
from ladle_runtime.serving.service import Asked, Service
from ladle_runtime.serving.signature import Batch

Reply = Callable[[Answer], None]
_Waiting = tuple[Asked, Reply]

_MAX_INLINE_S: Final = 0.001  # longer than this nobody else is kept waiting
_MAX_SHARED_ROWS: Final = 64  # beyond it, a row gets no cheaper
_MAX_WAIT_S: Final = 10.0  # what would wait longer is refused
_MAX_WAITING_ROWS: Final = 200_000
_LEARNING: Final = 0.1


class Batcher:
    """On one loop. ``workers`` runs may be under way in threads."""

    def __init__(
        self, service: Service, pace: Pace, threads: ThreadPoolExecutor, workers: int
    ) -> None:
        self._service = service
        self._pace = pace
        self._threads = threads
        self._workers = workers
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._waiting_rows = 0
        self._running = 0
        self._is_called = False
        self._slowness = 1.0  # of late, beside what was measured at load
        each_s = pace.row_s if pace.shares_runs else pace.seconds(1)
        self._row_s = each_s / workers  # in the long run
        self._fits_always = all(s.shape and None not in s.shape[1:] for s in service.inputs)

    def wait_s(self) -> float:
        """About how long a request that comes now waits before it runs."""
        return self._waiting_rows * self._row_s * self._slowness

    def is_full(self) -> bool:
        return self._waiting_rows > _MAX_WAITING_ROWS or self.wait_s() > _MAX_WAIT_S

    def add(self, asked: Asked, reply: Reply) -> None:
        self._waiting.append((asked, reply))
        self._waiting_rows += asked.batch.rows
        if not self._is_called:
            self._call()

    def _call(self) -> None:
        """At the end of this tick, when every socket that is ready has been read."""
        if not self._is_called and self._waiting and self._running < self._workers:
            self._is_called = True
            self._loop.call_soon(self._start)

    def _start(self) -> None:
        self._is_called = False
        end = time.perf_counter() + _MAX_INLINE_S
        while self._waiting and self._running < self._workers and time.perf_counter() < end:
            several, rows = self._take()
            expected_s = self._pace.seconds(rows) * self._slowness
            if expected_s <= _MAX_INLINE_S:
                self._end(several, expected_s, self._complete(several))
            else:
                self._start_thread(several, expected_s)
        self._call()

    def _take(self) -> tuple[Sequence[_Waiting], int]:
        """What runs next: one request, or as many small ones as may share its run."""
        taken = [self._waiting.popleft()]
        rows = taken[0][0].batch.rows
        while self._pace.shares_runs and self._waiting:
            more = self._waiting[0][0].batch
            fits = self._fits_always or _fits(taken[0][0].batch, more)
            if not fits or rows + more.rows > _MAX_SHARED_ROWS:
                break
            taken.append(self._waiting.popleft())
            rows += more.rows
        self._waiting_rows -= rows
        return taken, rows

    def _complete(self, several: Sequence[_Waiting]) -> Sequence[Answer]:
        if len(several) == 1:
            return [self._service.complete(several[0][0])]
        return self._service.complete_together([asked for asked, _ in several])

    def _start_thread(self, several: Sequence[_Waiting], expected_s: float) -> None:
        def end(done: asyncio.Future[Sequence[Answer]]) -> None:
            self._running -= 1
            self._end(several, expected_s, done.result())
            self._call()

        self._running += 1
        future = self._loop.run_in_executor(self._threads, self._complete, several)
        future.add_done_callback(end)

    def _end(
        self, several: Sequence[_Waiting], expected_s: float, answers: Sequence[Answer]
    ) -> None:
        """One outlier moves the figure by a few percent, a lasting change as far as it goes."""
        surprise = self._service.last_run_s / expected_s
        self._slowness *= min(2.0, max(0.5, surprise)) ** _LEARNING
        for (_, reply), answer in zip(several, answers, strict=True):
            reply(answer)


def _fits(one: Batch, other: Batch) -> bool:
    """Whether all axes but the first agree; open axes may differ from request to request."""
    return all(
        value.shape[1:] == other.inputs[name].shape[1:] for name, value in one.inputs.items()
    )
