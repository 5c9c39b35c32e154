"""An answer as the bytes of an HTTP/1.1 response."""

from __future__ import annotations

from functools import lru_cache
from http import HTTPStatus
from typing import Final

from ladle_runtime.serving.answer import Answer

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_NO_BODY: Final = (204, 304)


def response(answer: Answer, method: bytes, keeps_alive: bool, date: str) -> bytes:
    """The answer to HEAD has a body's headers and no body."""
    head = _head(answer.status, answer.content_type, keeps_alive, date)
    more = b""
    if answer.headers:
        lines = [f"{name}: {value}\r\n" for name, value in answer.headers]
        more = "".join(lines).encode("latin-1")
    if answer.status in _NO_BODY:
        return b"%b%b\r\n" % (head, more)
    body = b"" if method == b"HEAD" else answer.body
    return b"%b%bcontent-length: %d\r\n\r\n%b" % (head, more, len(answer.body), body)


@lru_cache(64)
def _head(status: int, content_type: str, keeps_alive: bool, date: str) -> bytes:
    """Said either way: HTTP/1.0 closes unless it is told otherwise, HTTP/1.1 the reverse."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"date: {date}",
        f"content-type: {content_type}",
        f"connection: {'keep-alive' if keeps_alive else 'close'}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")
