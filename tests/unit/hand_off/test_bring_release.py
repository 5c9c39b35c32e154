"""Only what another environment has proven is brought from it, with every byte compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.experiments.made import recorded
from tests.unit.planning.specs import spec_of

from ladle import digest
from ladle.actions.bring_release import MANIFEST, Origin, bring_release
from ladle.digest import hex_of
from ladle.disk.release_ledger import DiskReleaseLedger
from ladle.errors import Corrupt, LadleError
from ladle.names import bundle_key
from ladle.ports import StoredCopy
from ladle.releases.state import Release, ReleaseState
from ladle.testing.hand_off import FakeBundleStore
from ladle.testing.releases import release

CONTENT = b"the model"
WANTED = spec_of(digest=str(digest.of_bytes(CONTENT)))
PROVEN = replace(release(4), release_digest=WANTED.release_digest, model_digest=WANTED.model_digest)


def key_of(release_digest: str, name: str = "model.onnx") -> str:
    return bundle_key("fraud", hex_of(release_digest), name)


def origin(folder: Path, *good: Release, content: bytes = CONTENT) -> Origin:
    ledger = DiskReleaseLedger(folder)
    ledger.save(ReleaseState("fraud", good=good), (), at=1.0)
    objects = {(None, key_of(each.release_digest), None): content for each in good}
    return Origin("dev", ledger, FakeBundleStore(objects))


def test_the_model_of_a_proven_release_is_copied_once(tmp_path: Path) -> None:
    here = FakeBundleStore()
    brought = bring_release(WANTED, origin(tmp_path, PROVEN), here, None)
    assert (brought.proven.number, brought.copied, brought.same_release) == (4, True, True)
    assert here.copies[key_of(WANTED.release_digest)].sha256 == hex_of(WANTED.model_digest)
    assert not bring_release(WANTED, origin(tmp_path / "again", PROVEN), here, None).copied
    assert here.writes == 1


def test_the_same_model_under_other_settings_is_brought_to_its_own_release(tmp_path: Path) -> None:
    elsewhere = replace(PROVEN, release_digest="sha256:" + "e" * 64)
    here = FakeBundleStore()
    brought = bring_release(WANTED, origin(tmp_path, elsewhere), here, None)
    assert not brought.same_release
    assert list(here.copies) == [key_of(WANTED.release_digest)]


def test_the_experiment_goes_with_its_model(tmp_path: Path) -> None:
    here = FakeBundleStore()
    bring_release(WANTED, origin(tmp_path, PROVEN), here, recorded())
    assert key_of(WANTED.release_digest, MANIFEST) in here.copies


def test_what_was_never_proven_there_is_not_brought(tmp_path: Path) -> None:
    here, other = FakeBundleStore(), replace(PROVEN, model_digest="sha256:" + "f" * 64)
    with pytest.raises(LadleError, match=r"LD253.*dev has proven no release"):
        bring_release(WANTED, origin(tmp_path, other), here, None)
    assert not here.copies


def test_other_bytes_than_the_models_are_never_brought(tmp_path: Path) -> None:
    here = FakeBundleStore()
    with pytest.raises(Corrupt, match="LD225"):
        bring_release(WANTED, origin(tmp_path, PROVEN, content=b"else"), here, None)
    assert not here.copies


def test_a_copy_that_somebody_else_wrote_is_refused(tmp_path: Path) -> None:
    here = FakeBundleStore(copies={key_of(WANTED.release_digest): StoredCopy("v", "0" * 64)})
    with pytest.raises(Corrupt, match="LD224"):
        bring_release(WANTED, origin(tmp_path, PROVEN), here, None)
