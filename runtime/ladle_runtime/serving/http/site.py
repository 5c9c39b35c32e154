"""What all connections of a server share: its limits, its phase, what is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum
from typing import TYPE_CHECKING

from ladle_runtime.serving.http.exchange import Exchange
from ladle_runtime.serving.http.head import KnownHeads
from ladle_runtime.serving.settings import MAX_BODY_BYTES

if TYPE_CHECKING:
    from ladle_runtime.serving.http.connection import Connection


def _date() -> str:
    return formatdate(usegmt=True)


class Phase(StrEnum):
    """``STOPPING`` answers what it has begun and what still comes, and is ready no more."""

    SERVING = "serving"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in whole seconds. Load balancers keep a connection for 60 s: longer here."""

    head_bytes: int = 32 * 1024
    body_bytes: int = MAX_BODY_BYTES
    waiting_bytes: int = 64 * 1024 * 1024  # of the bodies of all requests that wait
    waiting_requests: int = 1024
    connections: int = 4096
    pipelined: int = 32
    head_s: int = 10
    body_s: int = 60
    idle_s: int = 75
    write_s: int = 30
    linger_s: int = 5


@dataclass(slots=True)
class Site:
    """``dispatch`` takes a request that is complete, and replies to it now or later."""

    dispatch: Callable[[Exchange], None]
    limits: Limits = field(default_factory=Limits)
    heads: KnownHeads = field(default_factory=KnownHeads)
    phase: Phase = Phase.SERVING
    connections: set[Connection] = field(default_factory=set)
    second: int = 0  # counts up; cheaper than a clock for every request
    date: str = field(default_factory=_date)
    waiting_requests: int = 0
    waiting_bytes: int = 0

    def is_full(self, body_bytes: int) -> bool:
        """One request is always taken, whatever its size."""
        return self.waiting_requests > 0 and (
            self.waiting_requests >= self.limits.waiting_requests
            or self.waiting_bytes + body_bytes > self.limits.waiting_bytes
        )

    async def sweep(self) -> None:
        """Once a second, ends what takes too long; until it is cancelled."""
        while True:
            await asyncio.sleep(1)
            self.second += 1
            self.date = _date()
            for connection in tuple(self.connections):
                connection.end_if_overdue()
