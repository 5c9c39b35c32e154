"""The throwaway repository that the story is played in, and the commands typed there."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ladle.errors import LadleError
from ladle.tools import processes

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ladle Demo",
    "GIT_AUTHOR_EMAIL": "demo@ladle.invalid",
    "GIT_COMMITTER_NAME": "Ladle Demo",
    "GIT_COMMITTER_EMAIL": "demo@ladle.invalid",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
}


class Workshop:
    """Runs ``git`` and ``ladle`` as a person would, in a clone of this checkout."""

    def __init__(self, root: Path, on_line: Callable[[str], None]) -> None:
        self.root = root
        self._on_line = on_line
        self.environment = processes.inherited(
            {
                **IDENTITY,
                "LADLE_WORKSPACE": "embedded:",
                "NO_COLOR": "1",
                "PYTHONUNBUFFERED": "1",
                "PATH": f"{Path(sys.executable).parent}:{processes.inherited()['PATH']}",
            }
        )

    @classmethod
    def clone(cls, checkout: Path, root: Path, on_line: Callable[[str], None]) -> Workshop:
        """A fresh clone; what an earlier demo left at ``root`` is removed."""
        shutil.rmtree(root, ignore_errors=True)
        root.parent.mkdir(parents=True, exist_ok=True)
        shop = cls(root.parent, on_line)
        shop.run("git", "clone", "--quiet", "--local", str(checkout), str(root))
        return cls(root, on_line)

    def run(self, *words: str, expect: Sequence[int] = (0,)) -> tuple[int, list[str]]:
        """Exit status and lines. Raises LD720 when the status is none that the story expects."""
        lines: list[str] = []
        status = 0
        for line in processes.stream(words, self.root, self.environment):
            if isinstance(line, int):
                status = line
            else:
                lines.append(line)
                self._on_line(line)
        if status not in expect:
            tail = "\n".join(lines[-15:])
            raise LadleError(
                "LD720",
                f"`{' '.join(words)}` ended with {status}, expected {expect}:\n{tail}",
                "run the demo again with --keep to look around, or open an issue with this text",
            )
        return status, lines

    def ladle(self, *words: str, expect: Sequence[int] = (0,)) -> tuple[int, list[str]]:
        return self.run(sys.executable, "-m", "ladle", *words, expect=expect)

    def ladle_json(self, *words: str, expect: Sequence[int] = (0,)) -> Mapping[str, Any]:
        """The one object that ``--json`` prints; the conversation on stderr is skipped."""
        _, lines = self.ladle(*words, "--json", expect=expect)
        text = "\n".join(lines)
        answer: Mapping[str, Any] = json.loads(text[text.index("{") : text.rindex("}") + 1])
        return answer

    def commit(self, message: str) -> str:
        """Commits everything in the clone; the commit's id."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)
        return self.head()

    def head(self) -> str:
        return self.run("git", "rev-parse", "HEAD")[1][0]
