"""One request and the place of its answer in the order of its connection."""

from __future__ import annotations

from collections.abc import Callable

from ladle_runtime.serving.answer import Answer


class Exchange:
    """Made when a request begins; ``reply`` is called exactly once, in any order, on the loop."""

    __slots__ = (
        "answer",
        "body",
        "expects_continue",
        "headers",
        "is_surplus",
        "keeps_alive",
        "method",
        "on_reply",
        "target",
    )

    def __init__(self, on_reply: Callable[[Exchange], None]) -> None:
        self.method = b""
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []  # names in lower case
        self.body = b""
        self.keeps_alive = False
        self.is_surplus = False  # its body was not kept: more waits than may
        self.expects_continue = False
        self.answer: Answer | None = None
        self.on_reply = on_reply

    @property
    def path(self) -> bytes:
        return self.target.partition(b"?")[0]

    def reply(self, answer: Answer) -> None:
        self.answer = answer
        self.on_reply(self)
