"""What capture asks for is something, and fits beside what a function is told."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ladle.config.document import Path
from ladle.config.mistake import Mistake
from ladle.config.schema import ModelConfig

CAPTURE_BYTES = 512  # SageMaker takes a kilobyte in one variable, which says other things too


def captures_something(config: ModelConfig) -> Iterator[Mistake]:
    path: Path = ("capture", "enabled")
    classify: Path = ("capture", "classify")
    if not config.capture.enabled:
        return
    told = config.capture.told
    if not told:
        what = "capture is enabled, and classify lets no field be kept"
        fix = "name what may be: classify: {amount: keep, customer: hash}; or write enabled: false"
        yield Mistake(path, "LD150", what, fix, (path, classify))
    size = capture_bytes(config)
    if size > CAPTURE_BYTES:
        what = (
            f"classify names {len(told)} fields in {size} bytes; a server is told {CAPTURE_BYTES}"
        )
        fix = "keep fewer; of a table in one input, the input is the field"
        yield Mistake(classify, "LD150", what, fix, (path, classify))


def capture_bytes(config: ModelConfig) -> int:
    """Of the variable that a server is told by."""
    told = config.capture.told
    return len(json.dumps(told)) if told else 0
