"""What is pinned and not as it was recorded is refused; what another store recorded is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.planning.specs import spec_of
from tests.unit.store.test_verify_store import objects_of, stored

from ladle.actions.check_pinned import check_pinned, refuse_altered
from ladle.actions.verify_store import verify_store
from ladle.digest import Digest
from ladle.errors import LadleError
from ladle.experiments.manifest import RecordedExperiment
from ladle.planning.service_spec import ServiceSpec
from ladle.ports import Workspace
from ladle.testing.laboratory import Laboratory

Damage = Callable[..., None]


def pinned(recorded: RecordedExperiment, path: str | None = None) -> ServiceSpec:
    artefact = recorded.manifest.artefact
    assert artefact is not None
    return spec_of(
        digest=artefact.digest,
        experiment_id=recorded.manifest.id,
        locator=recorded.locators[artefact.digest],
        path=path,
    )


@pytest.fixture
def recorded(lab: Laboratory) -> RecordedExperiment:
    """The second of three."""
    lab.record("fraud", "data", weights=b"one")
    lab.write({"data/train.csv": b"label,pixel\n8,0.25\n"})
    second = lab.record("fraud", "data", weights=b"two")
    lab.record("fraud", "data", weights=b"three")
    return second


def test_what_is_as_it_was_recorded_goes_through(
    recorded: RecordedExperiment, workspace: Workspace
) -> None:
    refuse_altered(workspace, [pinned(recorded)], verify_store(workspace).heads)


def test_any_object_that_is_altered_or_missing_is_refused(
    recorded: RecordedExperiment, workspace: Workspace, damage: Damage
) -> None:
    for digest in objects_of(workspace, recorded):
        with workspace.objects.open(Digest.parse(digest)) as stream:
            content = stream.read()
        damage(digest, b"other bytes")
        with pytest.raises(LadleError, match=r"LD371.*altered"):
            refuse_altered(workspace, [pinned(recorded)])
        damage(digest)
        with pytest.raises(LadleError, match=r"LD371.*missing"):
            refuse_altered(workspace, [pinned(recorded)])
        workspace.objects.put_if_absent(Digest.parse(digest), content)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_altered_row_anywhere_in_its_chain_is_refused(
    recorded: RecordedExperiment, workspace: Workspace, tmp_path: Path, number: int
) -> None:
    path = stored(tmp_path, number)
    path.write_text(path.read_text().replace("Ada", "Eve"))
    with pytest.raises(LadleError, match="LD371"):
        refuse_altered(workspace, [pinned(recorded)])


def test_a_dropped_row_is_refused(
    recorded: RecordedExperiment, workspace: Workspace, tmp_path: Path
) -> None:
    stored(tmp_path, 1).unlink()
    with pytest.raises(LadleError, match="LD371"):
        refuse_altered(workspace, [pinned(recorded)])


def test_a_pinned_experiment_that_was_cut_off_is_refused_by_who_saw_it(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    last = lab.record("fraud", "data", weights=b"one")
    seen = verify_store(workspace).heads
    stored(tmp_path, 1).unlink()
    with pytest.raises(LadleError, match=r"LD371.*gone"):
        refuse_altered(workspace, [pinned(last)], seen)


def test_a_pin_whose_model_is_another_is_refused(
    recorded: RecordedExperiment, workspace: Workspace
) -> None:
    spec = replace(pinned(recorded), model_digest="sha256:" + "f" * 64)
    with pytest.raises(LadleError, match=r"LD371.*another model"):
        refuse_altered(workspace, [spec])


def test_an_experiment_of_another_store_is_no_refusal(
    recorded: RecordedExperiment, workspace: Workspace
) -> None:
    spec = replace(pinned(recorded), experiment_id="f" * 64)
    assert check_pinned(workspace, spec) == ()


def test_a_model_that_is_in_no_experiment_is_not_looked_for(workspace: Workspace) -> None:
    assert check_pinned(workspace, spec_of()) == ()
