"""``pinned_object.json`` of a package says which version of an object in S3 its config means."""

from __future__ import annotations

import json
from pathlib import Path

from ladle import digest
from ladle.errors import LadleError, NotFound, Place
from ladle.planning.pinned_object import PINNED_OBJECT, PinnedObject


def read_pinned_object(folder: Path, address: str) -> PinnedObject:
    """Raises LD272 where nothing is pinned, another object is, or the file cannot be read."""
    path, fix = folder / PINNED_OBJECT, f"ladle pin {folder.name} {address}"
    try:
        found = PinnedObject.from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        what = f"no version of {address} is pinned: {PINNED_OBJECT} is missing"
        raise NotFound("LD272", what, fix, Place(str(path))) from None
    except (ValueError, KeyError, TypeError) as error:
        what = f"{PINNED_OBJECT} cannot be read: {error}"
        raise LadleError(
            "LD272", what, f"restore it from Git, or {fix}", Place(str(path))
        ) from error
    if found.address != address:
        what = f"{PINNED_OBJECT} holds a version of {found.address}, not of {address}"
        raise LadleError("LD272", what, fix, Place(str(path)))
    return found


def copy_here(pinned: PinnedObject, root: Path) -> str | None:
    """The bytes in this checkout; None where they are not, or are not what was pinned."""
    path = root / pinned.copy
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return str(path) if str(digest.of_stream(stream)[0]) == pinned.digest else None
