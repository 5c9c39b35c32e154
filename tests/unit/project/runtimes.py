"""An older serving runtime: this one's files, one of them edited, kept in a repository."""

from __future__ import annotations

import shutil
from pathlib import Path

from ladle.policy.lock import Runtime
from ladle.project import kept_runtimes
from ladle.project.function_code import RuntimeTree, installed_runtime

SERVED_BY_ALL = "ladle_runtime/serving/service.py"


def keep_older(repository: Path, edited: str = SERVED_BY_ALL) -> Runtime:
    """As an earlier Ladle would have left it; ``edited`` differs from what is installed."""
    tree = repository / kept_runtimes.KEPT / "older"
    for file in kept_runtimes.files_of(installed_runtime()):
        to = tree / file.name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, to)
    with (tree / edited).open("a") as stream:
        stream.write("\n# as it was\n")
    found = kept_runtimes.digest_of(
        RuntimeTree(tree / "ladle", tree / "ladle_runtime", tree / "locks")
    )
    tree.rename(tree.with_name(found.hex))
    return Runtime(str(found), "0.0.9")
