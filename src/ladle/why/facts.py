"""All that an explanation may rest on, as values with ids; what is not in here is not said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ladle.experiments.compare import Difference
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.patches import FilePatch
from ladle.experiments.rows import RowsDifference
from ladle.policy.verdicts import Evidence
from ladle.quality.drift import Onset
from ladle.releases.deploy_log import Deployment
from ladle.releases.effects import Record
from ladle.releases.state import ReleaseState
from ladle.why.change import Change, QualityReport
from ladle.why.mix import Mix


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: a model, one of its releases, or what was so at a time."""

    model: str
    release: int | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class ComparedExperiments:
    """What differs between two releases' experiments, down to rows and lines where they could be read.

    ``rows`` holds a file of data that both stores of bytes still have, ``tables`` what the profiles of
    its columns say; ``code`` is empty when the repository does not know both commits; ``graph`` says
    what differs in the model.
    """

    difference: Difference
    rows: Mapping[str, RowsDifference] = field(default_factory=dict)
    code: tuple[FilePatch, ...] = ()
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    graph: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """``records`` oldest first; ``experiments`` by release number; ``compared`` is the release in
    focus against the one that it was tried beside; ``evidence`` of a trial that runs now; ``quality``
    what the labels say where no trial explains what is seen; ``served`` the deploy log, oldest first;
    ``drifted`` what began to differ from the rows of the training; ``mixes`` what of a
    change lies in who asked.
    """

    subject: Subject
    now: float
    records: tuple[Record, ...]
    state: ReleaseState
    experiments: Mapping[int, RecordedExperiment] = field(default_factory=dict)
    compared: ComparedExperiments | None = None
    evidence: Evidence | None = None
    quality: QualityReport | None = None
    served: tuple[Deployment, ...] = ()
    drifted: tuple[Onset, ...] = ()
    mixes: tuple[Mix, ...] = ()

    @property
    def the_change(self) -> tuple[QualityReport, Change]:
        """Of facts whose conclusion rests on a change."""
        if self.quality is None or self.quality.change is None:
            raise ValueError(f"no change of {self.subject.model} was found")
        return self.quality, self.quality.change

    @property
    def ids(self) -> frozenset[str]:
        """Every id that a sentence may cite."""
        experiments = {experiment_ref(e.manifest.id) for e in self.experiments.values()}
        served = {served_ref(row) for row in self.served}
        return frozenset({r.id for r in self.records} | experiments | served)


def experiment_ref(experiment_id: str) -> str:
    """How a sentence cites an experiment."""
    return f"exp/{experiment_id}"


def served_ref(row: Deployment) -> str:
    """How a sentence cites a row of the deploy log."""
    return f"{row.model}/served/{row.sequence}"
