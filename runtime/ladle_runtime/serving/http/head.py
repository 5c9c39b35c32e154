"""What stands before a body; one that came before, byte for byte, is not parsed again.

Callers repeat themselves: on a connection that stays, one request's head is like the last. What the
parser made of those bytes holds for the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

_END: Final = b"\r\n\r\n"
_KEPT: Final = 256
_KEPT_BYTES: Final = 2048  # a longer head is parsed each time
_SPECIAL: Final = frozenset([b"transfer-encoding", b"expect", b"upgrade"])


@dataclass(slots=True)
class Head:
    """``headers`` have names in lower case, in their order; ``length`` is the body's, 0 unless said."""

    method: bytes = b""
    target: bytes = b""
    path: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    fields: dict[bytes, bytes] = field(default_factory=dict)
    length: int = 0
    keeps_alive: bool = False
    route: Any = None  # what answers requests of this head, once it was found

    def complete(self, method: bytes, keeps_alive: bool) -> None:
        self.method, self.keeps_alive = method, keeps_alive
        self.path = self.target.partition(b"?")[0]
        self.fields = dict(self.headers)
        length = self.fields.get(b"content-length", b"0")
        self.length = int(length) if length.isdigit() else 0

    def without_upgrade(self, method: bytes) -> bytes:
        """The same request, whose sender offers no other protocol."""
        kept = [b"%b: %b" % each for each in self.headers if each[0] != b"upgrade"]
        return b"\r\n".join([b"%b %b HTTP/1.1" % (method, self.target), *kept, b"", b""])


class _Last(NamedTuple):
    """The head of the last request, and that request's length: the next is likely to have both."""

    raw: bytes
    head: Head
    length: int


class KnownHeads:
    """Of all connections of a server."""

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}
        self._last = _Last(b"", Head(), -1)

    def of_whole(self, data: bytes) -> tuple[Head, bytes] | None:
        """Head and body where ``data`` is one request from end to end, with a head that is known."""
        last = self._last
        if len(data) == last.length and data.startswith(last.raw):
            return last.head, data[len(last.raw) :]
        end = data.find(_END, 0, _KEPT_BYTES) + len(_END)
        head = self._known.get(data[:end])
        if head is None or len(data) - end != head.length:
            return None
        self._last = _Last(data[:end], head, len(data))
        return head, data[end:]

    def learn(self, data: bytes, head: Head) -> None:
        """``data`` begins with the bytes that ``head`` was parsed from, unless it says otherwise."""
        end = data.find(_END, 0, _KEPT_BYTES) + len(_END)
        begins = data.startswith(b"%b %b HTTP/1.1\r\n" % (head.method, head.target))
        if end < len(_END) or not begins or not _SPECIAL.isdisjoint(head.fields):
            return
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[data[:end]] = head
