"""Nothing in the repository knows the machine it was written on, or where its packages come from."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

# Put together here, so that this file does not hold them.
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "registry." + "yarnpkg",
]
FOLDERS = ["work", "root", "home/[a-z]"]
FORBIDDEN = re.compile(
    "|".join([*map(re.escape, REGISTRIES), *(rf"(?<![\w.}}/-])/{name}/" for name in FOLDERS)])
)
EXCEPT = {"LICENSE"}


def test_no_tracked_file_names_a_registry_or_a_folder_of_one_machine(root: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True
    )
    offenders = []
    for name in filter(None, listed.stdout.split("\0")):
        path = root / name
        if name in EXCEPT or not path.is_file():
            continue
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
            if found := FORBIDDEN.search(line):
                offenders.append(f"{name}:{number} {found.group()}")
    assert offenders == []
