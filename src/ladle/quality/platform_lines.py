"""What Lambda itself writes of an invocation that our code could not finish.

A function that times out, runs out of memory or dies prints no line of ours. These lines carry no
MAC: a model's own code can forge them, and so speak against itself, never for itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

# As Lambda names streams of a log group of one's own, with the function and its version; and as we name
# variants of SageMaker and the streams of tasks, with the release.
_OF_LAMBDA = re.compile(
    r"(?P<function>ladle-[a-z0-9-]+(?:_(?P<base>\d+))?)?\[(?P<version>\d+|\$LATEST)\]"
)
_OF_A_CONTAINER = re.compile(r"^release-(\d+)/")
_ID = r"RequestId: (?P<id>\S+)"
_START = re.compile(rf"START {_ID}")
_FAILED = (
    re.compile(r"(?:\S+ (?P<id>[0-9a-f-]{36}) )?Task timed out after [\d.]+ seconds\s*$"),
    re.compile(rf"{_ID} Error: Runtime exited"),
    re.compile(rf"{_ID} Error: .*Runtime\.(?:ExitError|OutOfMemory)", re.DOTALL),
    re.compile(rf"(?:INIT_)?REPORT (?:{_ID}\s)?.*\bStatus: (?:timeout|error)\b", re.DOTALL),
)
_REPORT = re.compile(rf"REPORT {_ID}")


@dataclass(frozen=True, slots=True)
class PlatformLine:
    """``request_id`` is Lambda's own, None where Lambda does not say which."""

    request_id: str | None
    failed: bool = False
    starts: bool = False
    ends: bool = False


def release_of(stream: str, bases: Collection[int] = (0,)) -> int | None:
    """7 in ``2026/11/23/ladle-fraud[7]9d2c…`` and in ``release-7/i-0ab1…``, 9 in ``…/ladle-fraud_8[1]9d2c…``;
    ``$LATEST`` reads as 0. A stream that names no function is of the home with one of these bases:
    whose, is not known while there are several.
    """
    if (container := _OF_A_CONTAINER.match(stream)) is not None:
        return int(container[1])
    found = _OF_LAMBDA.search(stream)
    if found is None:
        return None
    if found["version"] == "$LATEST":
        return 0
    if found["function"] is not None:
        return int(found["base"] or 0) + int(found["version"])
    return int(found["version"]) + min(bases) if len(bases) == 1 else None


def parse(text: str) -> PlatformLine | None:
    """None for a line that is not the platform's, or says nothing that counts."""
    if found := _START.match(text):
        return PlatformLine(found["id"], starts=True)
    for failed in _FAILED:
        if found := failed.match(text):
            return PlatformLine(found["id"], failed=True, ends=text.startswith("REPORT"))
    if found := _REPORT.match(text):
        return PlatformLine(found["id"], ends=True)
    return None
