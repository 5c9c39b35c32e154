"""Every refusal has a stable code, a place where it can, what is wrong, why, and how to mend it.

The long text of a code (what ``ladle explain CODE`` prints) lies in ``ladle/explanations/*.toml``.
Code ranges: 1xx config, 2xx planning and deploying, 3xx experiments and store, 4xx serving,
5xx releases, 6xx labels and evidence, 7xx tools and the embedded AWS, 8xx command line, 9xx not yet.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means; a contract of the surface."""

    OK = 0
    FINDING = 1
    USAGE = 2
    WOULD_CHANGE = 3
    NEEDS_CREDENTIALS = 4
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mistake stands; lines and columns count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = [
            self.file,
            *(str(n) for n in (self.line, self.column) if n is not None),
        ]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake, as a value: what a check collects before it reports all of them."""

    code: str
    what: str
    fix: str
    place: Place | None = None
    source_line: str | None = None

    def __str__(self) -> str:
        where = f"{self.place} " if self.place else ""
        return f"{where}{self.code} {self.what}"


class LadleError(Exception):
    """A refusal that a person can act on. ``what`` says what is wrong and why, ``fix`` how to mend."""

    exit_code: ExitCode = ExitCode.FINDING

    def __init__(self, code: str, what: str, fix: str, place: Place | None = None) -> None:
        self.finding = Finding(code, what, fix, place)
        super().__init__(str(self.finding))
        self.add_note(f"  help: {fix}")  # for those who see it as a traceback

    @property
    def code(self) -> str:
        return self.finding.code

    @property
    def findings(self) -> Sequence[Finding]:
        return (self.finding,)


class ManyFindings(LadleError):
    """All mistakes of one reading, reported at once."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        first = findings[0]
        super().__init__(first.code, first.what, first.fix, first.place)
        self._findings = tuple(findings)

    @property
    def findings(self) -> Sequence[Finding]:
        return self._findings


class UsageError(LadleError):
    """The command line itself is off."""

    exit_code = ExitCode.USAGE


class NeedsCredentials(LadleError):
    """AWS would have to be asked, and nobody has said who is asking."""

    exit_code = ExitCode.NEEDS_CREDENTIALS


class Conflict(LadleError):
    """Somebody else wrote first: re-read and decide again. Never shown to a person as it is."""


class Unavailable(LadleError):
    """The other side did not answer or throttled us: the same call may go through later."""


class Forbidden(LadleError):
    """Whoever asks may not: somebody must change a permission, trying again would not help."""


class NotFound(LadleError):
    """What was named does not exist."""


class Corrupt(LadleError):
    """Stored bytes are not what their digest promises."""


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def cannot_write(place: object, error: OSError) -> LadleError:
    """What it means to a person that a file system refuses to write at ``place``."""
    what = f"{error.filename or place} cannot be written: {error.strerror}"
    if error.errno in _NO_ROOM:
        fix = "make room, then do the same again: what is there already is not moved again"
        return LadleError("LD356", what, fix)
    return LadleError("LD357", what, "mend its rights or the disk, then do the same again")
