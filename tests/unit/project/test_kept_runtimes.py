"""A runtime is known by its files: kept, fetched or installed, it makes the same release."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.unit.planning.specs import SIGNATURE
from tests.unit.project.runtimes import keep_older

from ladle.actions.keep_runtime import bring_runtime, bring_wheels, keep_runtime, keep_wheels
from ladle.catalog import Arch, Packaging, Target
from ladle.errors import LadleError
from ladle.experiments.manifest import Signature
from ladle.names import runtime_key, wheels_key
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.policy.lock import Lock, Runtime
from ladle.project import kept_runtimes
from ladle.project.function_code import FunctionCode, Wheels, lock_of
from ladle.project.services import read_services
from ladle.project.staging import find_wheels, place_for_wheels, stage_zip, wheels_name
from ladle.testing.hand_off import FakeBundleStore


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    package = tmp_path / "model_packages" / "fraud"
    package.mkdir(parents=True)
    (package / "model.yaml").write_text("name: fraud\nmodel: model.onnx\ntype: classification\n")
    (package / "model.onnx").write_bytes(b"stands for a model")
    return tmp_path


def signature(_: Path) -> Signature:
    return SIGNATURE


def spec_with(repository: Path, runtime: Runtime) -> ServiceSpec:
    locks = {"fraud": Lock(Target.LAMBDA, Packaging.IMAGE, runtime)}
    [spec] = read_services(repository, Cloud.AWS, signature, known=locks)
    return spec


def test_a_model_keeps_its_runtime_whatever_this_ladle_brings(repository: Path) -> None:
    older = keep_older(repository)
    [fresh] = read_services(repository, Cloud.AWS, signature)
    kept = spec_with(repository, older)
    assert fresh.built_with == kept_runtimes.installed()
    assert kept.built_with == older
    assert kept.code_digest != fresh.code_digest, "it is built of the older files"
    upgraded = spec_with(repository, kept_runtimes.installed())
    assert upgraded.release_digest == fresh.release_digest


def test_what_does_not_reach_a_model_makes_no_release_of_it(repository: Path) -> None:
    older = keep_older(repository, "ladle_runtime/serving/server_entry.py")
    [fresh] = read_services(repository, Cloud.AWS, signature)
    assert older != fresh.built_with
    assert spec_with(repository, older).release_digest == fresh.release_digest


def test_a_runtime_that_is_nowhere_is_named_with_the_way_on(repository: Path) -> None:
    gone = Runtime("sha256:" + "f" * 64, "0.0.9")
    with pytest.raises(LadleError, match=r"LD238.*of Ladle 0\.0\.9 \(ffffffff\)") as refused:
        spec_with(repository, gone)
    assert "ladle upgrade" in refused.value.finding.fix


def test_the_store_gives_back_what_it_was_given(tmp_path: Path, repository: Path) -> None:
    store, ours = FakeBundleStore(), kept_runtimes.installed()
    pack = partial(kept_runtimes.pack, repository=repository, runtime=ours)
    assert keep_runtime(store, ours, pack)
    assert not keep_runtime(store, ours, pack), "once for all models"
    key = runtime_key(ours.digest.removeprefix("sha256:"))
    pack(tmp_path / "packed.zip")
    store.objects[None, key, None] = (tmp_path / "packed.zip").read_bytes()
    assert bring_runtime(store, ours, lambda zip_: kept_runtimes.unpack(zip_, repository, ours))
    assert (repository / kept_runtimes.KEPT / ours.digest.removeprefix("sha256:")).is_dir()
    other = Runtime("sha256:" + "e" * 64, "0.0.9")
    assert not bring_runtime(store, other, lambda zip_: None), "which the store never had"


def test_what_is_kept_here_can_be_kept_in_another_store(tmp_path: Path, repository: Path) -> None:
    older = keep_older(repository)
    kept_runtimes.pack(tmp_path / "packed.zip", repository, older)
    kept_runtimes.unpack(tmp_path / "packed.zip", tmp_path / "elsewhere", older)
    assert kept_runtimes.is_here(tmp_path / "elsewhere", older)


def test_what_the_store_gives_back_altered_is_not_believed(
    tmp_path: Path, repository: Path
) -> None:
    kept_runtimes.pack(tmp_path / "packed.zip", repository, kept_runtimes.installed())
    wanted = Runtime("sha256:" + "e" * 64, "0.0.9")
    with pytest.raises(LadleError, match="LD239"):
        kept_runtimes.unpack(tmp_path / "packed.zip", repository, wanted)
    assert not kept_runtimes.is_here(repository, wanted)


def test_a_runtime_from_before_there_were_spans_is_told_apart(repository: Path) -> None:
    older = keep_older(repository)
    folder = repository / kept_runtimes.KEPT / older.digest.removeprefix("sha256:")
    (folder / "ladle_runtime" / "serving" / "otlp.py").unlink()
    spec_with(repository, older)
    config = repository / "model_packages" / "fraud" / "model.yaml"
    with config.open("a") as stream:
        stream.write("tracing: otlp\nenv: {OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318'}\n")
    with pytest.raises(LadleError, match="LD246") as refused:
        spec_with(repository, older)
    assert "ladle upgrade fraud" in refused.value.finding.fix


def test_a_runtime_from_before_there_was_capture_is_told_apart(repository: Path) -> None:
    older = keep_older(repository)
    folder = repository / kept_runtimes.KEPT / older.digest.removeprefix("sha256:")
    (folder / "ladle_runtime" / "serving" / "capture.py").unlink()
    spec_with(repository, older)
    config = repository / "model_packages" / "fraud" / "model.yaml"
    with config.open("a") as stream:
        stream.write("capture: {enabled: true, classify: {label: keep}}\n")
    with pytest.raises(LadleError, match=r"LD246.*older than capture"):
        spec_with(repository, older)


def test_wheels_of_another_lock_are_looked_for_where_they_were_staged(repository: Path) -> None:
    older = keep_older(repository, "locks/function-py313.txt")
    tree = kept_runtimes.tree_of(repository, older)
    assert tree is not None
    name = wheels_name(Wheels.FUNCTION, "3.13", Arch.X86_64, tree.locks)
    code = FunctionCode((), Wheels.FUNCTION, "3.13", tree.locks)
    with pytest.raises(LadleError, match=r"LD220.*of a kept serving runtime are missing"):
        stage_zip(code, repository, "3.13", Arch.X86_64)
    store = FakeBundleStore(objects={(None, wheels_key(name), None): EMPTY_ZIP})
    assert bring_wheels(store, name, place_for_wheels(repository, name))
    staged = find_wheels(repository, name)
    assert staged is not None
    assert keep_wheels(store, name, staged)
    assert stage_zip(code, repository, "3.13", Arch.X86_64).path.name.startswith(name)


def test_a_lock_reads_as_it_was_written() -> None:
    lock = Lock(Target.ECS, Packaging.IMAGE, Runtime("sha256:" + "a" * 64, "0.1.0"))
    assert Lock.from_json(lock.to_json()) == lock
    assert Lock.from_json(replace(lock, runtime=None).to_json()).runtime is None


EMPTY_ZIP = b"PK\x05\x06" + b"\0" * 18


def test_what_the_store_gives_back_cut_off_is_not_believed(
    tmp_path: Path, repository: Path
) -> None:
    runtime = kept_runtimes.installed()
    kept_runtimes.pack(tmp_path / "packed.zip", repository, runtime)
    whole = (tmp_path / "packed.zip").read_bytes()
    (tmp_path / "packed.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LadleError, match="LD239"):
        kept_runtimes.unpack(tmp_path / "packed.zip", tmp_path / "elsewhere", runtime)


def test_a_ladle_that_was_installed_without_its_locks_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LadleError, match="LD721") as refused:
        lock_of(Wheels.FUNCTION, "3.13", tmp_path)
    assert "function-py313.txt" in refused.value.finding.what
    assert "scripts/setup" in refused.value.finding.fix
