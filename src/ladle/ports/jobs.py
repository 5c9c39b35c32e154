"""Where a training runs that is not this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from ladle.ports.watching import LoggedLine


class JobEnd(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """``files`` are the job's inputs by channel; one of them, ``entry``, is the program that it runs."""

    name: str
    image: str
    role: str
    instance: str
    files: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class JobReport:
    """``end`` is None while it runs; ``why`` is what the service says of it."""

    end: JobEnd | None
    why: str
    created_at: float


class TrainingJobs(Protocol):
    """Jobs of one account and region, known by name. Raises NotFound LD256 for a name that it lacks."""

    def start(self, request: JobRequest) -> None:
        """Brings the files to where the job reads them, then starts it."""

    def report(self, name: str) -> JobReport: ...

    def stop(self, name: str) -> None:
        """Asks for its end and does not wait for it; one that has ended stays as it is."""

    def lines(self, name: str, since: float) -> Iterator[LoggedLine]:
        """What it printed, in the order of time; lines come late, and none before it has started."""

    def fetch_output(self, name: str, to: Path) -> bool:
        """What it left, one gzipped tar, written to ``to``; False when it left nothing."""

    def forget(self, name: str) -> None:
        """Removes its inputs and outputs for good; its log and its record are not ours to remove."""
