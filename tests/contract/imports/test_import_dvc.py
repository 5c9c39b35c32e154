"""Repositories that DVC 3.67 wrote, and damaged ones. DVC itself is not installed here."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.contract.imports.importing import ADA, FIXTURES, Refusing, Store, cached, codes, objects

from ladle.errors import LadleError
from ladle.project.dvc_repository import CodeState, read_dvc
from ladle.tools.git import Git
from ladle.tools.model_jail import ModelJail


def test_a_lock_becomes_an_experiment(repository: Path, store: Store) -> None:
    (recorded,) = store.take(read_dvc(repository, repository, ADA)).recorded
    manifest = recorded.manifest
    assert manifest.model == "digits"
    assert manifest.params == {"train.depth": 6}
    assert manifest.metrics == {"accuracy": 0.96, "by.f1": 0.5}
    assert manifest.code.commit == "c" * 40
    assert manifest.code.argv == ("sh", "-c", "python train.py && cp rows.json report.txt")
    assert manifest.artefact is not None
    assert manifest.artefact.name == "model.onnx"
    assert [f.name for f in manifest.data] == ["data/images", "data/train.csv"]
    assert [f.name for f in manifest.outputs] == ["metrics.json", "report.txt"]


def test_the_md5_stays_as_an_alias_and_the_bytes_are_in_the_store(
    repository: Path, store: Store
) -> None:
    (recorded,) = store.take(read_dvc(repository, repository, ADA)).recorded
    images, train = recorded.manifest.data
    (content,) = store.files(recorded, "data/train.csv").values()
    assert train.aliases == (f"md5:{hashlib.md5(content).hexdigest()}",)
    assert images.aliases[0].endswith(".dir")
    assert images.files == 4
    assert store.files(recorded, "data/images") == {
        **{f"{nth}.txt": f"image {nth}\n".encode() for nth in range(3)},
        "sub folder/ü.txt": b"deep\n",
    }


def test_the_same_import_twice_records_nothing_new(repository: Path, store: Store) -> None:
    first = store.take(read_dvc(repository, repository, ADA))
    later = CodeState("d" * 40, True, "Bo")
    again = store.take(read_dvc(repository, repository, later))
    assert again.recorded == ()
    assert again.known == (first.recorded[0].manifest.id,)
    assert len(store.workspace.manifests.log("digits")) == 1


def test_every_state_of_the_history_is_an_experiment(repository: Path, store: Store) -> None:
    second = shutil.copytree(repository, repository.parent / "second")
    (repository / ".gitignore").write_text("/.dvc/cache\n")
    git(repository, "init", "-q")
    for state in (FIXTURES / "dvc" / "first", second):
        # Files of one size and one time look unchanged to Git: each state is written anew.
        shutil.copytree(state, repository, dirs_exist_ok=True, copy_function=shutil.copyfile)
        git(repository, "add", "-A")
        git(repository, "-c", "user.name=Ada", "-c", "user.email=a@example", "commit", "-qm", "x")
    depths = []
    for commit, author in Git().commits(repository, ["**/dvc.lock"]):
        with Git().checked_out(repository, commit) as tree:
            taken = store.take(read_dvc(repository, tree, CodeState(commit, False, author)))
            depths += [(r.manifest.params["train.depth"], r.manifest.actor) for r in taken.recorded]
    assert depths == [(4, "Ada"), (6, "Ada")]


def test_history_is_read_without_running_what_the_repository_names(repository: Path) -> None:
    """A smudge filter is a program that a checkout runs."""
    git(repository, "init", "-q")
    (repository / ".gitattributes").write_text("* filter=evil\n")
    git(repository, "add", "-A")
    git(repository, "-c", "user.name=Ada", "-c", "user.email=a@example", "commit", "-qm", "x")
    git(repository, "config", "filter.evil.smudge", f"touch {repository}/ran; cat")
    git(repository, "config", "filter.evil.required", "true")
    ((commit, _),) = Git().commits(repository, ["**/dvc.lock"])
    with Git().checked_out(repository, commit) as tree:
        assert (tree / "dvc.lock").read_bytes() == (repository / "dvc.lock").read_bytes()
    assert not (repository / "ran").exists()


def test_what_a_stage_read_out_of_another_ones_folder_is_no_data(
    repository: Path, store: Store
) -> None:
    path = repository / "dvc.lock"
    content = path.read_text()
    images = (repository / "data" / "images.dvc").read_text()
    md5 = images.split("md5: ")[1].split("\n")[0]
    made = f"  draw:\n    cmd: draw\n    outs:\n    - {{path: drawn, hash: md5, md5: {md5}}}\n"
    inner = "    - {path: drawn/0.txt, hash: md5, md5: %s}\n" % ("a" * 32)
    path.write_text(content.replace("    deps:\n", "    deps:\n" + inner, 1) + made)
    (run,) = read_dvc(repository, repository, ADA)
    assert [d.name for d in run.data] == ["data/images", "data/train.csv"]
    assert run.argv[-1].index("draw") < run.argv[-1].index("cp rows.json")
    assert len(store.take([run]).recorded) == 1


def git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True)


def test_the_model_goes_through_the_jail(repository: Path, tmp_path: Path) -> None:
    jailed = Store(tmp_path / "jailed", ModelJail())
    (recorded,) = jailed.take(read_dvc(repository, repository, ADA)).recorded
    assert recorded.manifest.artefact is not None
    assert [s.name for s in recorded.manifest.artefact.signature.inputs] == ["x"]


def test_a_model_that_the_jail_refuses_is_an_output_and_said_so(
    repository: Path, tmp_path: Path
) -> None:
    taken = Store(tmp_path / "ladle", Refusing()).take(read_dvc(repository, repository, ADA))
    assert taken.recorded[0].manifest.artefact is None
    assert "model.onnx" in [f.name for f in taken.recorded[0].manifest.outputs]
    assert "it may never end" in taken.notes[0]


def test_missing_bytes_are_named_all_at_once_and_a_far_remote_too(repository: Path) -> None:
    shutil.rmtree(repository / ".dvc" / "cache")
    (repository / ".dvc" / "config").write_text(
        "['remote \"team\"']\n    url = s3://bucket/x\n    secret_access_key = hidden\n"
    )
    with pytest.raises(LadleError, match="LD393") as refusal:
        read_dvc(repository, repository, ADA)
    assert codes(refusal) == ["LD393"]
    for name in ("data/images/", "data/train.csv", "model.onnx", "report.txt", "team (s3)"):
        assert name in str(refusal.value)
    assert "hidden" not in str(refusal.value)


def test_a_remote_that_is_a_folder_is_read(repository: Path, store: Store) -> None:
    (repository / ".dvc" / "cache").rename(repository.parent / "remote")
    (repository / ".dvc" / "config").write_text("['remote \"r\"']\nurl = ../../remote\n")
    assert len(store.take(read_dvc(repository, repository, ADA)).recorded) == 1


def test_a_file_that_is_checked_out_serves_when_the_cache_lost_it(
    repository: Path, store: Store
) -> None:
    (pointer,) = (repository / "data").glob("train.csv.dvc")
    lost = cached(repository, pointer.read_text().split("md5: ")[1][:32])
    shutil.move(lost, repository / "data" / "train.csv")
    assert len(store.take(read_dvc(repository, repository, ADA)).recorded) == 1
    (repository / "data" / "train.csv").write_text("other\n")
    with pytest.raises(LadleError, match="LD393"):
        read_dvc(repository, repository, ADA)


def test_altered_bytes_are_refused_all_at_once_and_nothing_is_recorded(
    repository: Path, store: Store
) -> None:
    for path in objects(repository):
        if path.suffix != ".dir":
            path.chmod(0o600)
            path.write_bytes(path.read_bytes() + b" ")
    runs = read_dvc(repository, repository, ADA)
    with pytest.raises(LadleError, match="LD394") as refusal:
        store.take(runs)
    assert codes(refusal) == ["LD394"] * 8
    assert store.workspace.manifests.models() == []


def test_texts_of_dvc_2_are_known_by_their_unix_form(repository: Path, store: Store) -> None:
    windows, unix = b"a\r\nb\r\n", b"a\nb\n"
    md5 = hashlib.md5(unix).hexdigest()
    for path in (repository / "dvc.lock", repository / "data" / "images.dvc"):
        path.unlink()
    (repository / "data" / "train.csv.dvc").write_text(f"outs:\n- md5: {md5}\n  path: train.csv\n")
    old = repository / ".dvc" / "cache" / md5[:2] / md5[2:]
    old.parent.mkdir()
    old.write_bytes(windows)
    (recorded,) = store.take(read_dvc(repository, repository, ADA)).recorded
    assert store.files(recorded, "data/train.csv") == {"": windows}


def test_a_pipeline_with_anchors_is_read_without_following_them(
    repository: Path, store: Store
) -> None:
    path = repository / "dvc.yaml"
    path.write_text("x: &x {a: 1}\ny: *x\n" + path.read_text())
    (recorded,) = store.take(read_dvc(repository, repository, ADA)).recorded
    assert recorded.manifest.metrics["accuracy"] == 0.96


def test_each_lock_of_a_repository_is_an_experiment_with_the_data_beside_it(
    repository: Path, store: Store
) -> None:
    sub = repository / "churn"
    sub.mkdir()
    for path in list(repository.iterdir()):
        if path.name not in (".dvc", "churn"):
            shutil.move(path, sub)
    shutil.copy(sub / "data" / "train.csv.dvc", repository / "train.csv.dvc")
    runs = read_dvc(repository, repository, ADA)
    assert [(run.model, [d.name for d in run.data]) for run in runs] == [
        ("churn", ["churn/data/images", "churn/data/train.csv"]),
        ("digits", ["train.csv"]),
    ]
    assert len(store.take(runs).recorded) == 2


def test_a_repository_is_known_by_its_folder_however_it_is_named(repository: Path) -> None:
    (run,) = read_dvc(repository / "data" / "..", repository, ADA)
    assert run.model == "digits"


def test_a_folder_without_dvc_is_no_dvc_repository(tmp_path: Path) -> None:
    with pytest.raises(LadleError, match="LD390"):
        read_dvc(tmp_path, tmp_path, ADA)
