"""What earlier releases keep: told by the ledger of the place, else by that which has proven them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.planning.specs import config_of
from tests.unit.project.runtimes import keep_older

from ladle.actions.bring_release import Origin
from ladle.catalog import Arch, Packaging, Target
from ladle.cli.deployment import Deployment
from ladle.cli.locks import known_locks, unlock
from ladle.disk.release_ledger import DiskReleaseLedger
from ladle.names import wheels_key
from ladle.policy.lock import Lock, Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import ReleaseStatus
from ladle.project import kept_runtimes
from ladle.project.function_code import Wheels
from ladle.project.pinned_lock import read_lock, write_lock
from ladle.project.repository import ModelPackage
from ladle.project.staging import find_wheels, wheels_name
from ladle.releases.state import Release, ReleaseState
from ladle.testing.hand_off import FakeBundleStore

CONFIG = config_of("name: fraud\nmodel: model.onnx\ntype: classification\n")
ENVIRONMENTS = """name: fraud
model: model.onnx
type: classification
environments:
  here: {compute: {memory_mb: 2048}}
  named: {account: "123456789012", region: eu-west-1}
  elsewhere: {account: "210987654321", region: eu-west-1}
"""


def ledger_with(folder: Path, runtime: Runtime | None) -> DiskReleaseLedger:
    ledger = DiskReleaseLedger(folder)
    if runtime is not None:
        digest = "sha256:" + "a" * 64
        release = Release(1, digest, "sha256:" + "b" * 64, None, 1.0, RolloutPolicy())
        state = ReleaseState(
            "fraud",
            releases=(replace(release, packaging=Packaging.IMAGE, runtime=runtime),),
            handed_over=release.release_digest,
            statuses={1: ReleaseStatus.GOOD},
        )
        ledger.save(state, [], at=1.0)
    return ledger


def test_what_comes_from_elsewhere_keeps_what_was_proven_there(tmp_path: Path) -> None:
    proven, older = keep_older(tmp_path), keep_older(tmp_path, "ladle/errors.py")
    origin = Origin("dev", ledger_with(tmp_path / "dev", proven), FakeBundleStore())
    found = [(ModelPackage(tmp_path / "model_packages" / "fraud"), CONFIG)]
    to = Deployment(tmp_path, "dir:prod", "prod")

    first = known_locks(found, to, ledger_with(tmp_path / "new", None), origin)
    assert first["fraud"].runtime == proven
    later = known_locks(found, to, ledger_with(tmp_path / "prod", older), origin)
    assert later["fraud"].runtime == older, "until somebody upgrades it there"
    alone = known_locks(found, to, ledger_with(tmp_path / "new", None))
    assert alone == {}


def test_wheels_that_a_kept_runtime_has_of_its_own_come_back_also_where_only_they_are_lost(
    tmp_path: Path,
) -> None:
    older = keep_older(tmp_path, "locks/function-py313.txt")
    tree = kept_runtimes.tree_of(tmp_path, older)
    assert tree is not None
    name = wheels_name(Wheels.FUNCTION, "3.13", Arch.X86_64, tree.locks)
    store = FakeBundleStore({(None, wheels_key(name), None): b"as they were"})
    package = ModelPackage(tmp_path / "model_packages" / "fraud")
    package.folder.mkdir(parents=True)
    write_lock(package, "aws", Lock(Target.LAMBDA, Packaging.ZIP, older))
    ledger = ledger_with(tmp_path / "here", None)
    origin = Origin("dev", ledger, store)
    known_locks([(package, CONFIG)], Deployment(tmp_path, "dir:x"), ledger, origin)
    found = find_wheels(tmp_path, name)
    assert found is not None
    assert found.read_bytes() == b"as they were"


def test_what_is_taken_down_is_locked_no_more_in_each_environment_that_led_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "aws://123456789012/eu-west-1"
    monkeypatch.setenv("LADLE_WORKSPACE", url)
    package = ModelPackage(tmp_path / "model_packages" / "fraud")
    package.folder.mkdir(parents=True)
    (package.folder / "model.onnx").write_bytes(b"stands for a model")
    package.config.write_text(ENVIRONMENTS)
    for place in ("aws", "here", "named", "elsewhere"):
        write_lock(package, place, Lock(Target.LAMBDA, Packaging.ZIP, None))

    dropped = list(unlock("fraud", Deployment(tmp_path, url)))
    assert dropped == ["aws", "here", "named"]
    assert read_lock(package, "elsewhere") is not None, "it still runs there"
