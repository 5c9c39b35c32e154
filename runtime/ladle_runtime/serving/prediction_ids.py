"""Each request gets an id, and each row of its answer: sealed, where that says all that a label will
need.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from typing import Final

from ladle.quality.labels import LabelValue, Noted
from ladle.quality.sealed_id import RANDOM_BYTES, SEALED_ROWS, Sealer, fits, seal_key
from ladle_runtime.serving.settings import Settings

Outcome = LabelValue | Noted
Randomness = Callable[[int], bytes]
_DRAWN_CHARACTERS = 12  # of a request id, which hold the random bytes
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


class RequestIds:
    """Drawn now and never at init: a snapshot of this process would repeat them."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness

    def one(self) -> str:
        drawn = b2a_base64(self._randomness(18), newline=False)
        return drawn.translate(_URL_SAFE)[:22].decode()

    def several(self, count: int) -> Sequence[str]:
        drawn = b2a_base64(self._randomness(18 * count), newline=False)
        text = drawn.translate(_URL_SAFE).decode()
        return [text[at : at + 22] for at in range(0, 24 * count, 24)]


class PredictionIds:
    """Of one release. Without a key nothing can be sealed: on a laptop nobody watches."""

    def __init__(self, settings: Settings) -> None:
        release, window_s = settings.release, settings.window_s
        sealed = settings.log_key and fits(settings.type, window_s, release)
        sealed = sealed and not settings.segments  # there is no room for them
        self._sealer = Sealer(seal_key(settings.log_key), release, window_s) if sealed else None

    def of(
        self, request_id: str, at: float, rows: int, outcomes: Sequence[Outcome] | None
    ) -> tuple[list[str], Sequence[Outcome] | None]:
        """And the outcomes that must be kept elsewhere, since no id says them."""
        if self._sealer is None or outcomes is None or not len(outcomes) == rows <= SEALED_ROWS:
            return [f"{request_id}.{row}" for row in range(rows)], outcomes
        drawn = urlsafe_b64decode(request_id[:_DRAWN_CHARACTERS])[:RANDOM_BYTES]
        return self._sealer.seal(outcomes, at, drawn), None
