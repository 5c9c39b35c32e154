"""What a program prints is shown as ever; a copy of it is kept."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any, TextIO, cast

KEPT_IN_MEMORY_BYTES = 1 << 20


class _Copying:
    """A stream that writes twice and is otherwise the one that it stands for."""

    def __init__(self, shown: TextIO, kept: IO[bytes]) -> None:
        self._shown = shown
        self._kept = kept

    def write(self, text: str) -> int:
        self._kept.write(text.encode("utf-8", "backslashreplace"))
        return self._shown.write(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shown, name)


@contextlib.contextmanager
def output_copied() -> Iterator[Callable[[], bytes]]:
    """Copies stdout and stderr of this process's Python code; call the value for all of it so far."""
    with tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY_BYTES) as file:
        kept = cast("IO[bytes]", file)

        def so_far() -> bytes:
            kept.seek(0)
            return kept.read()

        out = cast("TextIO", _Copying(sys.stdout, kept))
        err = cast("TextIO", _Copying(sys.stderr, kept))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            yield so_far
