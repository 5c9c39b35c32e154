"""What keeps a function from starting cold, or lets it hold more, as far as Lambda takes it together."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.catalog import ModelIn, Packaging
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


def snapshot_of_a_zip(config: ModelConfig) -> Iterator[Mistake]:
    path: Path = ("compute", "snap_start")
    if not config.compute.snap_start:
        return
    if config.packaging is not Packaging.ZIP:
        what = "snap_start is for zips: Lambda takes no snapshot of an image"
        packaging: Path = ("packaging",)
        yield Mistake(path, "LD147", what, "write packaging: zip", (path, packaging))
    if config.compute.warm:
        what = "Lambda keeps no instances warm of a function with snap_start"
        yield Mistake(path, "LD147", what, "choose one: warm or snap_start", (path, WARM))


def model_in_a_zip(config: ModelConfig) -> Iterator[Mistake]:
    path: Path = ("model_in",)
    if config.model_in is ModelIn.IMAGE and config.packaging is Packaging.ZIP:
        what = "model_in: image needs an image to lie in, and packaging is zip"
        fix = "remove packaging, or model_in"
        yield Mistake(path, "LD148", what, fix, (path, ("packaging",)))
