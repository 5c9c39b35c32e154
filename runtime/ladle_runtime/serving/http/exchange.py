"""One request and the place of its answer in the order of its connection."""

from __future__ import annotations

from collections.abc import Callable

from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.http.head import Head


class Exchange:
    """``reply`` is called exactly once, sooner or later, on the loop."""

    __slots__ = ("answer", "body", "head", "is_surplus", "on_reply")

    def __init__(
        self, head: Head, body: bytes, is_surplus: bool, on_reply: Callable[[Exchange], None]
    ) -> None:
        self.head = head
        self.body = body
        self.is_surplus = is_surplus  # its body was not kept: more waits than may
        self.answer: Answer | None = None
        self.on_reply = on_reply

    def reply(self, answer: Answer) -> None:
        self.answer = answer
        self.on_reply(self)
