"""What ``tracing: otlp`` adds to a serving process: a span beside each request's line, or nothing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from ladle.quality.lines import RequestLine
    from ladle_runtime.serving.settings import Settings

LAST_WORDS_S = 2.0


class Caller(Protocol):
    """Who asked, as far as a span may need it; a server's Head is one."""

    @property
    def method(self) -> bytes: ...

    @property
    def path(self) -> bytes: ...

    @property
    def fields(self) -> Mapping[bytes, bytes]: ...


class Asking(NamedTuple):
    """The caller that an event of a door stands for."""

    method: bytes
    path: bytes
    fields: Mapping[bytes, bytes]


class Spans(Protocol):
    def add(self, line: RequestLine, caller: Caller | None) -> None:
        """Neither raises nor waits. A direct invoke has no caller."""

    def flush(self, within_s: float = LAST_WORDS_S) -> None:
        """Returns when all that was added has left, or not in time."""


def open_spans(
    served: Sequence[Settings], env: Mapping[str, str], in_function: bool = False
) -> Spans | None:
    """None unless one of these models asks for it: the others have neither this module's code for
    it nor its wheels. ``env`` has keys, or says where they are.
    """
    if not any(settings.traced for settings in served):
        return None
    opened: Spans = importlib.import_module("ladle_runtime.serving.otlp").open_spans(
        served, env, in_function
    )
    return opened
