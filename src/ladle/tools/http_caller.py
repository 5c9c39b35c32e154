"""Asks a server on this machine over one connection, and opens another where the server closed it."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Final, Self

_PATIENCE_S: Final = 30.0


class HttpCaller:
    """Not for several threads at once."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """Status and body. Raises OSError where nobody answers, twice."""
        try:
            return self._ask(method, path, headers, body)
        except (HTTPException, OSError):  # after a refusal a server may close
            self._connection.close()
        try:
            return self._ask(method, path, headers, body)
        except HTTPException as error:
            self._connection.close()
            raise OSError("the server answered no HTTP") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        self._connection.request(method, path, body, dict(headers))
        answer = self._connection.getresponse()
        return answer.status, answer.read()
