"""Progress that nobody watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ladle.ports import Progress


class _Silent:
    def start(self, what: str, total_bytes: int | None, total_files: int | None) -> None: ...

    def advance(self, bytes_: int, files: int = 0) -> None: ...

    def finish(self) -> None: ...


SILENT: Progress = _Silent()
