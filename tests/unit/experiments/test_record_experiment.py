"""The order of writes, and what happens when others write too. Stores are folders of tmp_path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ladle import digest
from ladle.actions.record_experiment import keep, record_experiment
from ladle.disk.manifest_store import DiskManifestStore
from ladle.disk.object_store import DiskObjectStore
from ladle.errors import Conflict, LadleError, NotFound, Unavailable
from ladle.experiments.chain import Chain
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Locator,
    Manifest,
    RecordedExperiment,
)

DATA = b"label\n3\n"


@dataclass
class FrozenClock:
    seconds: float = 1_795_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Rivals:
    """A manifest store in which others are faster ``times`` times, or which does not answer."""

    def __init__(self, store: DiskManifestStore, times: int, lost_answers: int = 0) -> None:
        self._store = store
        self._times = times
        self._lost_answers = lost_answers

    def append(
        self,
        manifest: Manifest,
        locators: Mapping[str, Locator],
        layout: str | None = None,
        epoch: int | None = None,
    ) -> RecordedExperiment:
        if self._times:
            self._times -= 1
            rival = draft(f"rival {self._times}").manifest
            self._store.append(placed(rival, self._store.head("digits")), {})
        recorded = self._store.append(manifest, locators, layout, epoch)
        if self._lost_answers:
            self._lost_answers -= 1
            raise Unavailable("LD314", "the answer was lost", "try again")
        return recorded

    def relocate(
        self, recorded: RecordedExperiment, locators: Mapping[str, Locator], layout: str
    ) -> None:
        self._store.relocate(recorded, locators, layout)

    def head(self, model: str) -> str | None:
        return self._store.head(model)

    def get(self, experiment_id: str) -> RecordedExperiment:
        return self._store.get(experiment_id)

    def log(self, model: str, limit: int = 100) -> Sequence[RecordedExperiment]:
        return self._store.log(model, limit)

    def chain(self, model: str) -> Chain:
        return self._store.chain(model)

    def models(self) -> Sequence[str]:
        return self._store.models()


def placed(manifest: Manifest, previous: str | None) -> Manifest:
    return Manifest.from_json({**manifest.to_json(), "previous": previous})


def draft(actor: str = "Ada", locators: Mapping[str, Locator] | None = None) -> RecordedExperiment:
    content = digest.of_bytes(DATA)
    manifest = Manifest(
        model="digits",
        outcome="succeeded",
        created_at="",
        actor=actor,
        previous=None,
        data=(DataInput("train.csv", str(content), len(DATA)),),
        code=Code(None, dirty=True, patch=None, argv=()),
        params={},
        environment=Environment("3.11.2", "linux", str(content)),
        metrics={},
        artefact=None,
    )
    known = {str(content): Locator("key", None)} if locators is None else locators
    return RecordedExperiment(manifest, known, sequence=0)


def test_the_place_in_the_chain_and_the_time_are_given_when_it_is_recorded(tmp_path: Path) -> None:
    store = DiskManifestStore(tmp_path)
    first = record_experiment(store, draft(), FrozenClock())
    second = record_experiment(store, draft(), FrozenClock())
    assert (first.sequence, second.sequence) == (1, 2)
    assert second.manifest.previous == first.manifest.id
    assert first.manifest.created_at == "2026-11-18T11:06:40.000Z"


def test_objects_that_are_not_in_the_store_have_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="before their manifest"):
        record_experiment(DiskManifestStore(tmp_path), draft(locators={}), FrozenClock())
    assert DiskManifestStore(tmp_path).head("digits") is None


def test_a_faster_rival_only_means_another_place(tmp_path: Path) -> None:
    store = DiskManifestStore(tmp_path)
    recorded = record_experiment(Rivals(store, times=5), draft(), FrozenClock())
    assert recorded.sequence == 6
    assert len(store.log("digits")) == 6


def test_an_answer_that_was_lost_records_nothing_twice(tmp_path: Path) -> None:
    store = DiskManifestStore(tmp_path)
    record_experiment(Rivals(store, times=0, lost_answers=2), draft(), FrozenClock())
    assert len(store.log("digits")) == 1


def test_rivals_without_end_are_told_and_not_fought_for_ever(tmp_path: Path) -> None:
    clock = FrozenClock()
    with pytest.raises(LadleError, match="LD309"):
        record_experiment(Rivals(DiskManifestStore(tmp_path), times=99), draft(), clock)
    assert clock.slept == sorted(clock.slept)


def test_a_store_that_never_answers_is_told(tmp_path: Path) -> None:
    class Silent(Rivals):
        def append(
            self,
            manifest: Manifest,
            locators: Mapping[str, Locator],
            layout: str | None = None,
            epoch: int | None = None,
        ) -> RecordedExperiment:
            raise Unavailable("LD314", "no answer", "try again")

    with pytest.raises(Unavailable):
        record_experiment(Silent(DiskManifestStore(tmp_path), 0), draft(), FrozenClock())


def test_a_file_is_kept_under_what_it_contains(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(DATA)
    kept = keep(DiskObjectStore(tmp_path / "store"), path)
    assert (kept.digest, kept.bytes) == (digest.of_bytes(DATA), len(DATA))
    with DiskObjectStore(tmp_path / "store").open(kept.digest, kept.locator) as stream:
        assert stream.read() == DATA


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="LD305"):
        keep(DiskObjectStore(tmp_path), tmp_path / "gone")


def test_two_writers_of_one_place_are_one_winner(tmp_path: Path) -> None:
    store = DiskManifestStore(tmp_path)
    store.append(draft().manifest, {})
    with pytest.raises(Conflict):
        store.append(draft("Bo").manifest, {})
