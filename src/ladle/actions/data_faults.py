"""What a file system can hold against being recorded, in words."""

from __future__ import annotations

import os

from ladle.errors import Corrupt, LadleError, NotFound

_LATER = "run the command again when nothing writes to the data"


def unreadable(path: str, error: OSError) -> LadleError:
    """LD343 for what is gone since it was listed, else LD342."""
    if isinstance(error, FileNotFoundError):
        return NotFound("LD343", f"{shown(path)} was there a moment ago and is gone", _LATER)
    why = error.strerror or str(error)
    return LadleError("LD342", f"{shown(path)} cannot be read: {why}", "mend it, or move it away")


def no_data(path: str) -> LadleError:
    return LadleError(
        "LD341",
        f"{shown(path)} is neither file, folder nor link, or belongs to a tool: it is no data",
        "move it away, or name what lies beside it",
    )


def not_text(path: str) -> LadleError:
    raw = os.fsencode(path)
    what = f"the name {raw!r} is not UTF-8, so another machine would read another name"
    return LadleError("LD340", what, "rename it; convmv renames whole folders")


def changed(path: str) -> Corrupt:
    return Corrupt("LD316", f"{shown(path)} changed while it was read", _LATER)


def missing(path: str) -> NotFound:
    return NotFound("LD305", f"there is no {shown(path)}", "check the path")


def shown(path: str) -> str:
    """A line break in a name shall not break a message."""
    return path if path.isprintable() else repr(path)
