"""Instances that wait for requests count into the share that a model has reserved."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.config.document import Path
from ladle.config.mistake import Mistake
from ladle.config.schema import ModelConfig

WARM: Path = ("compute", "warm")
RESERVED: Path = ("compute", "reserved")


def warm_within_reserved(config: ModelConfig) -> Iterator[Mistake]:
    """While a release is tried there are two, each with its own."""
    warm, reserved = config.compute.warm, config.compute.reserved
    if reserved is not None and 2 * warm > reserved:
        what = f"warm {warm} is kept of both releases during a canary, {2 * warm} of reserved {reserved}"
        fix = f"write reserved: {2 * warm} or more, or lower warm"
        yield Mistake(WARM, "LD146", what, fix, (WARM, RESERVED))
