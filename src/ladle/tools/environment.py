"""Where an experiment ran: the Python, the platform, every installed distribution, lock and image."""

from __future__ import annotations

import os
import platform
import re
import sysconfig
from importlib import metadata
from pathlib import Path

from ladle import digest
from ladle.digest import Digest
from ladle.errors import LadleError
from ladle.experiments.manifest import Environment

IMAGE_VARIABLE = "LADLE_IMAGE"
LOCK_FILES = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "conda-lock.yml",
    "pixi.lock",
    "requirements.lock",
    "requirements.txt",
)


def captured(root: Path) -> Environment:
    """Of this process, in the repository at ``root``: the first of LOCK_FILES that is there counts.

    A kernel's build number or a host's name is no part of it. A container does not know its own
    image, so whoever starts it says the digest in LADLE_IMAGE.
    """
    packages = {
        _normalised(d.metadata["Name"]): d.version
        for d in metadata.distributions()
        if d.metadata["Name"]
    }
    ordered = dict(sorted(packages.items()))
    libc = " ".join(platform.libc_ver()).strip()
    where = f"{sysconfig.get_platform()} {libc}".strip()
    lock = str(digest.of_json(ordered))
    return Environment(platform.python_version(), where, lock, ordered, _lock_file(root), _image())


def _lock_file(root: Path) -> str | None:
    for name in LOCK_FILES:
        if (root / name).is_file():
            return str(digest.of_bytes((root / name).read_bytes()))
    return None


def _image() -> str | None:
    """The digest that a reference such as ``registry/name@sha256:…`` ends with."""
    said = os.environ.get(IMAGE_VARIABLE)
    if not said:
        return None
    try:
        return str(Digest.parse(said.rpartition("@")[2]))
    except ValueError:
        raise LadleError(
            "LD377",
            f"{IMAGE_VARIABLE} is {said!r}, which names no image by its digest",
            "set it to sha256:<64 hex digits>, or to NAME@sha256:<64 hex digits>; a tag can move",
        ) from None


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
