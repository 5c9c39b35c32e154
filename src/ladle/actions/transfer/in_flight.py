"""A few calls run at once, never more; their answers come in the order of the questions.

Questions are taken only when there is room for another, so what they hold in memory is bounded too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

AT_ONCE = 3  # packs of 16 MiB: three connections are as fast as most networks


def answers(
    ask: Callable[[Question], Answer], questions: Iterable[Question], at_once: int = AT_ONCE
) -> Iterator[Answer]:
    """The first exception ends it; what has begun by then is waited for, the rest never begins."""
    with ThreadPoolExecutor(at_once, thread_name_prefix="ladle-transfer") as pool:
        waiting: deque[Future[Answer]] = deque()
        try:
            for question in questions:
                waiting.append(pool.submit(ask, question))
                del question  # a pack that was sent is not held until the next is full
                if len(waiting) >= at_once:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
