"""A machine of a known type either has what a model asks of it, or is refused by its name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ladle.config.schema import Compute

RESERVE_MB = 1024  # for the operating system, and the agent of ECS or SageMaker


@dataclass(frozen=True, slots=True)
class Machine:
    """``gpu`` is the name of each of its ``gpus``, where somebody needs to know it; ``disk_gb`` is of a disk
    that is added to it, and paid for beside it.
    """

    vcpus: int
    memory_mb: int
    gpus: int
    gpu: str = ""
    disk_gb: int = 0


@cache
def read_machines(file: Path) -> Mapping[str, Machine]:
    """By type, in the order of the file."""
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: Machine(**row) for name, row in rows["machines"].items()}


def lacks(
    compute: Compute, name: str | None, known: Mapping[str, Machine], asked: str
) -> Iterator[str]:
    """Why the machine ``name`` cannot take it; ``asked`` is said where no type is known for it."""
    machine = known.get(name) if name else None
    if machine is None:
        yield f"no machine is known for {asked}: {', '.join(known)} are"
    elif machine.gpus < compute.gpu:
        yield f"{name} has {machine.gpus} of the {compute.gpu} GPUs that it needs"
    elif machine.memory_mb - RESERVE_MB < compute.memory_mb:
        yield f"{name} has not the {compute.memory_mb} MB that it needs"
