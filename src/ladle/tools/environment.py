"""Where an experiment ran: the Python, the platform, every installed distribution."""

from __future__ import annotations

import platform
import re
import sysconfig
from importlib import metadata

from ladle import digest
from ladle.experiments.manifest import Environment


def captured() -> Environment:
    """Of this process. A kernel's build number or a host's name is not part of it."""
    packages = {
        _normalised(d.metadata["Name"]): d.version
        for d in metadata.distributions()
        if d.metadata["Name"]
    }
    ordered = dict(sorted(packages.items()))
    libc = " ".join(platform.libc_ver()).strip()
    where = f"{sysconfig.get_platform()} {libc}".strip()
    return Environment(platform.python_version(), where, str(digest.of_json(ordered)), ordered)


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
