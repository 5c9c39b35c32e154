"""All that the page of a story shows, as values: nothing on the page comes from anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ladle.experiments.manifest import RecordedExperiment
from ladle.policy.statuses import ReleaseStatus
from ladle.quality.counts import Counts, Window, total
from ladle.releases.effects import Record
from ladle.why.change import QualityReport
from ladle.why.explanation import Explanation


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """One release: what it serves, what became of it, and its counters by window."""

    number: int
    status: ReleaseStatus
    experiment: RecordedExperiment | None
    windows: tuple[Window, ...]

    @property
    def total(self) -> Counts:
        return total(self.windows)


@dataclass(frozen=True, slots=True)
class EvidencePoint:
    """The evidence against ``release`` as it was read at ``at``, in nats."""

    release: int
    at: float
    log_e: float


@dataclass(frozen=True, slots=True)
class PageFacts:
    """``records`` oldest first; times are UTC epoch seconds; ``commands`` are what to try next."""

    model: str
    began: float
    ended: float
    window_s: float
    releases: tuple[ReleaseFacts, ...]
    records: tuple[Record, ...]
    evidence: tuple[EvidencePoint, ...]
    log_e_limit: float
    explanation: Explanation | None = None
    quality: QualityReport | None = None
    commands: tuple[str, ...] = ()

    def release(self, number: int) -> ReleaseFacts | None:
        return next((r for r in self.releases if r.number == number), None)

    @property
    def all_counts(self) -> Counts:
        return total(w for r in self.releases for w in r.windows)


# What the laptop really does, and what it stands in for. The page and the README say the same.
REAL = (
    "The CDK CLI deployed the same templates that it deploys to AWS, by CloudFormation calls.",
    "The models were trained here, on real data; each file is read by content hash and VersionId.",
    "Every request was answered by the deployed handler in its own process; every label came late.",
    (
        "From the prediction's log line to the moved alias, each step runs as it is wired on AWS: "
        "log subscription, collector, counters, judge, metric, alarm, topic, controller."
    ),
    "The alias was moved by a compare-and-set on its RevisionId, and read back.",
)
STOOD_IN = (
    "AWS itself: an emulator on loopback keeps functions, tables, alarms and the alias.",
    (
        "Weighted routing: the emulator stores the alias's weights and does not route by them. This "
        "demo's front door reads them and draws the version of each request, as Lambda does."
    ),
    "The platform's own lines when a function dies: the emulator writes some; the door adds the rest.",
    "Packaging: zip, with this machine's Python. On AWS the default is a container image.",
    "Permissions: the templates carry them, the emulator does not enforce them.",
    "The people: requests and labels are replayed from rows that no experiment was trained on.",
)


def letters(text: str, most: int) -> str:
    """``text`` cut to ``most`` characters, and visibly so."""
    return text if len(text) <= most else text[: most - 1] + "…"


def numbered(releases: Sequence[ReleaseFacts]) -> dict[int, int]:
    """Release number → place of its colour, by order of appearance."""
    return {r.number: i for i, r in enumerate(releases)}
