"""What a process cost, as the kernel counted it: CPU seconds hold on a busy machine, time does not."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """``cpu_s`` is user and system time together, ``resident_mb`` the most at any moment."""

    cpu_s: float
    wall_s: float
    resident_mb: float


def cost_of(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Runs ``command`` to its end. Raises RuntimeError, with what it said, when it fails."""
    output = folder.parent / "output"
    begun = time.perf_counter()
    with output.open("wb") as file:
        process = os.fork()
        if process == 0:
            _become(command, folder, environment, file.fileno())
        _, status, used = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output.read_text(errors='replace')}")
    wall_s = time.perf_counter() - begun
    return Cost(used.ru_utime + used.ru_stime, wall_s, used.ru_maxrss / 1024)


def _become(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], output: int
) -> None:
    try:
        os.chdir(folder)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.execvpe(command[0], list(command), dict(environment))
    finally:
        os._exit(127)


def median(runs: int, prepare: Callable[[], object], measure: Callable[[], Cost]) -> Cost:
    """The run whose CPU lies in the middle, with its own time and memory."""
    costs = []
    for _ in range(runs):
        prepare()
        costs.append(measure())
    return sorted(costs, key=lambda cost: cost.cpu_s)[runs // 2]
