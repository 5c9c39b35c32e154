"""``left.<place>.json`` keeps, while a model moves, the resources of the stack as it was before the move."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ladle.errors import LadleError, Place
from ladle.planning.service_spec import Left
from ladle.policy.lock import Home
from ladle.project.repository import ModelPackage


def left_path(package: ModelPackage, place: str) -> Path:
    return package.folder / f"left.{place}.json"


def write_left(package: ModelPackage, place: str, left: Left) -> None:
    """A reader sees the old file or the new one."""
    path = left_path(package, place)
    home = {"target": left.home.target, "base": left.home.base}
    content = {"home": home, "resources": left.resources}
    new = path.with_name(f".{path.name}.new")
    new.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(new, path)


def read_left(package: ModelPackage, place: str, home: Home) -> Left:
    """What stays of ``home``. Raises LD286 where that cannot be known."""
    path = left_path(package, place)
    try:
        left = _left(json.loads(path.read_bytes()))
    except FileNotFoundError:
        raise _lost(package, path, "it is missing") from None
    except (ValueError, KeyError, TypeError) as error:
        raise _lost(package, path, "it is not to be understood") from error
    if left.home != home:
        raise _lost(package, path, "it is of another move")
    return left


def drop_left(package: ModelPackage, place: str) -> None:
    left_path(package, place).unlink(missing_ok=True)


def _left(content: Any) -> Left:
    if not isinstance(content["resources"], Mapping):
        raise TypeError("resources are by logical id")
    return Left(Home.from_json(content["home"]), content["resources"])


def _lost(package: ModelPackage, path: Path, why: str) -> LadleError:
    return LadleError(
        "LD286",
        f"{package.folder.name} moves, and {path.name} does not say what stays meanwhile: {why}",
        "restore it from Git, beside the pinned.json of the same commit",
        Place(str(path)),
    )
