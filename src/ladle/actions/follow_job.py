"""A training job is watched to its end, and what it made becomes a draft only when it is whole."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from ladle.digest import CHUNK_BYTES, Digest, of_json
from ladle.errors import Corrupt, LadleError, NotFound, Unavailable
from ladle.experiments.draft import Draft
from ladle.experiments.manifest import Code, Environment, Manifest
from ladle.experiments.timestamps import timestamp
from ladle.ports import Clock, JobEnd, JobReport, ObjectStore, TrainingJobs

_LOOK_EVERY_S = 5.0
_LATE_S = 60.0  # a line of the log may be seen this much after one that is younger
_UNANSWERED = 60  # looks in a row; five minutes, beyond what the SDK itself tries
_UNKNOWN = Environment("unknown", "unknown", str(of_json({})))


@dataclass(frozen=True, slots=True)
class Followed:
    """``log`` is all that was seen of it; ``interrupted`` says that a person ended it."""

    report: JobReport
    log: bytes
    interrupted: bool


class Follower:
    """``shown`` is given each line once, ``said`` what a person should know."""

    def __init__(
        self,
        jobs: TrainingJobs,
        clock: Clock,
        shown: Callable[[str], None],
        said: Callable[[str], None],
    ) -> None:
        self._jobs, self._clock, self._shown, self._said = jobs, clock, shown, said
        self._seen: set[str] = set()
        self._since = 0.0
        self._log: list[str] = []

    def follow(self, name: str) -> Followed:
        """Ctrl-C asks the job to stop, and waits for that; a second one leaves it to itself."""
        interrupted, unanswered = False, 0
        while True:
            try:
                report = self._jobs.report(name)
                self._show(name)
                unanswered = 0
                if report.end is not None:
                    self._clock.sleep(_LOOK_EVERY_S)
                    self._show(name)
                    log = "".join(f"{line}\n" for line in self._log).encode()
                    return Followed(report, log, interrupted)
                self._clock.sleep(_LOOK_EVERY_S)
            except Unavailable:
                unanswered += 1
                if unanswered == _UNANSWERED:
                    raise
                self._clock.sleep(_LOOK_EVERY_S)
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                self._jobs.stop(name)
                self._said(f"asked {name} to stop, and waiting for it; Ctrl-C again leaves it")

    def _show(self, name: str) -> None:
        for line in self._jobs.lines(name, max(0.0, self._since - _LATE_S)):
            if line.id not in self._seen:
                self._seen.add(line.id)
                self._since = max(self._since, line.at)
                self._log.append(line.text)
                self._shown(line.text)


def bare_draft(name: str, model: str, code: Code) -> Draft:
    """Of a job that recorded nothing: what it ran in is not known here."""
    return Draft(name, "", Manifest.bare(model, code, _UNKNOWN, "failed"))


def finished_draft(
    draft: Draft, code: Code, actor: str, followed: Followed, status: int | None
) -> Draft:
    """``code`` is what was started from here: a container knows neither Git nor who asked."""
    well = followed.report.end is JobEnd.SUCCEEDED and status == 0
    manifest = replace(
        draft.manifest,
        code=code,
        actor=actor,
        outcome=draft.manifest.outcome if well else "failed",
        exit_status=status,
        started_at=timestamp(followed.report.created_at),
    )
    return replace(draft, manifest=manifest)


def prove_whole(draft: Draft, model: str, objects: ObjectStore) -> None:
    """Raises LD258 unless every object that came along is what its digest says, and of ``model``."""
    try:
        if draft.manifest.model != model:
            raise Corrupt("LD258", f"it recorded {draft.manifest.model}", "")
        for name in _came_along(draft):
            with objects.open(Digest.parse(name)) as stream:
                while stream.read(CHUNK_BYTES):
                    pass
    except (NotFound, Corrupt) as error:
        raise _not_whole(error) from error


def _came_along(draft: Draft) -> Collection[str]:
    return {*draft.manifest.objects, *draft.trees.values()}


def _not_whole(error: LadleError) -> Corrupt:
    return Corrupt(
        "LD258",
        f"what the training job sent back is not whole: {error.finding.what}",
        "run the job again; nothing of this one is recorded",
    )
