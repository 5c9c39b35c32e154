"""``pinned.json`` holds, beside the experiment, what a model's releases keep at each place of deployment."""

from __future__ import annotations

import json
import os
from typing import Any

from ladle.errors import LadleError, Place
from ladle.planning.resolve import Cloud
from ladle.policy.lock import LOCKED, Lock
from ladle.project.left_file import drop_left
from ladle.project.repository import PINNED, ModelPackage


def place_of(cloud: Cloud, environment: str | None) -> str:
    """Under which name the lock of a deploy stands: its environment's, else its cloud's."""
    return environment or str(cloud)


def read_lock(package: ModelPackage, place: str) -> Lock | None:
    """None where nothing is locked there. Raises LD126 for what cannot be read."""
    locks = _content(package).get(LOCKED, {})
    try:
        return Lock.from_json(locks[place]) if place in locks else None
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(package, f"what is locked at {place} is not to be understood") from error


def write_lock(package: ModelPackage, place: str, lock: Lock) -> None:
    """Everything else of the file stays; a reader sees the old file or the new one. What a model left is
    kept only while it moves.
    """
    content = _content(package)
    content[LOCKED] = {**content.get(LOCKED, {}), place: lock.to_json()}
    _write(package, content)
    if lock.leaves is None:
        drop_left(package, place)


def drop_lock(package: ModelPackage, place: str) -> bool:
    """What was taken down there keeps nothing. Whether anything was locked."""
    content = _content(package)
    locks = dict(content.pop(LOCKED, {}))
    if locks.pop(place, None) is None:
        return False
    _write(package, {**content, **({LOCKED: locks} if locks else {})})
    drop_left(package, place)
    return True


def _write(package: ModelPackage, content: dict[str, Any]) -> None:
    if not content:
        package.pinned.unlink()
        return
    new = package.folder / f".{PINNED}.new"
    new.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(new, package.pinned)


def _content(package: ModelPackage) -> dict[str, Any]:
    try:
        found = json.loads(package.pinned.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise _unreadable(package, "it is not JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get(LOCKED, {}), dict):
        raise _unreadable(package, "it is no object")
    return found


def _unreadable(package: ModelPackage, why: str) -> LadleError:
    return LadleError(
        "LD126",
        f"{PINNED} cannot be read: {why}",
        f"restore it from Git, or run ladle pin {package.folder.name} ID again",
        Place(str(package.pinned)),
    )
