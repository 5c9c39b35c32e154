"""SourceControl on real repositories, with a Git that has no settings but these."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ladle.experiments.patches import summarise
from ladle.tools.git import Git

ADA = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *ADA, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "model_packages" / "digits").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "train.py").write_text("print(1)\n")
    (folder / "model_packages" / "digits" / "pinned.json").write_text("{}\n")
    (folder / ".gitignore").write_text("ignored\n")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def touched(repository: Path, *without: str) -> list[str]:
    return [f.name for f in summarise(Git().snapshot(repository, without).patch)]


def test_a_clean_tree_is_its_commit(repository: Path) -> None:
    snapshot = Git().snapshot(repository)
    assert snapshot.commit == git(repository, "rev-parse", "HEAD")
    assert (snapshot.dirty, snapshot.patch) == (False, b"")
    assert snapshot.tree is not None


def test_a_folder_below_the_root_sees_the_whole_repository(repository: Path) -> None:
    (repository / "train.py").write_text("print(2)\n")
    assert touched(repository / "model_packages" / "digits") == ["train.py"]


def test_edits_new_files_and_deletions_are_in_the_patch(repository: Path) -> None:
    (repository / "train.py").unlink()
    (repository / "new file.py").write_text("print(3)\n")
    (repository / "größe.bin").write_bytes(b"\0\1\2")
    (repository / "ignored").write_text("x")
    assert touched(repository) == ["größe.bin", "new file.py", "train.py"]


def test_the_patch_makes_the_working_tree_from_the_commit(repository: Path, tmp_path: Path) -> None:
    (repository / "train.py").write_text("print(2)\n")
    (repository / "data.bin").write_bytes(bytes(range(256)))
    git(repository, "add", "train.py")
    (repository / "train.py").write_text("print(4)\n")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    patch = tmp_path / "patch"
    patch.write_bytes(Git().snapshot(repository).patch)
    git(clone, "apply", str(patch))
    assert (clone / "train.py").read_text() == "print(4)\n"
    assert (clone / "data.bin").read_bytes() == bytes(range(256))


def test_looking_changes_neither_index_nor_objects(repository: Path) -> None:
    (repository / "new.py").write_text("print(3)\n")
    before = git(repository, "status", "--porcelain"), git(repository, "count-objects")
    Git().snapshot(repository)
    assert (git(repository, "status", "--porcelain"), git(repository, "count-objects")) == before


def test_what_the_experiment_records_itself_is_no_code(repository: Path) -> None:
    (repository / "train.csv").write_text("label\n3\n")
    assert touched(repository) == ["train.csv"]
    assert touched(repository, "train.csv") == []


def test_names_are_relative_to_the_folder_also_when_it_is_a_part_of_a_larger_repository(
    repository: Path,
) -> None:
    part = repository / "teams" / "shop"
    (part / "model_packages" / "digits").mkdir(parents=True)
    (part / "model_packages" / "digits" / "pinned.json").write_text("{}")
    (part / "train.csv").write_text("label\n3\n")
    assert touched(part, "train.csv") == []


@pytest.mark.parametrize(
    "name", [".env", ".env.prod", "id_rsa", "deploy/server.pem", "aws-Credentials"]
)
def test_what_looks_like_a_secret_is_never_stored(repository: Path, name: str) -> None:
    path = repository / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("hunter2\n")
    assert touched(repository) == []
    git(repository, "add", "--force", "--all")
    git(repository, "commit", "--quiet", "-m", "a mistake")
    path.write_text("hunter3\n")
    assert b"hunter" not in Git().snapshot(repository).patch


def test_a_large_untracked_file_is_left_out(repository: Path) -> None:
    (repository / "weights.bin").write_bytes(bytes((1 << 20) + 1))
    assert touched(repository) == []


def test_a_commit_that_only_pins_leaves_the_tree_as_it_was(repository: Path) -> None:
    before = Git().snapshot(repository)
    (repository / "model_packages" / "digits" / "pinned.json").write_text('{"id": 1}\n')
    assert not Git().snapshot(repository).dirty
    git(repository, "commit", "--quiet", "--all", "-m", "pin")
    after = Git().snapshot(repository)
    assert after.commit != before.commit
    assert after.tree == before.tree


def test_a_commit_that_changes_code_changes_the_tree(repository: Path) -> None:
    before = Git().snapshot(repository)
    (repository / "train.py").write_text("print(2)\n")
    git(repository, "commit", "--quiet", "--all", "-m", "edit")
    after = Git().snapshot(repository)
    assert after.tree != before.tree
    assert before.commit is not None
    assert after.commit is not None
    patch = Git().diff(repository, before.commit, after.commit)
    assert patch is not None
    assert [str(f) for f in summarise(patch)] == ["train.py +1 −1"]


def test_a_commit_that_is_not_here_has_no_diff(repository: Path) -> None:
    assert Git().diff(repository, "f" * 40, "HEAD") is None


def test_outside_a_repository_nothing_is_known(tmp_path: Path) -> None:
    snapshot = Git().snapshot(tmp_path)
    assert (snapshot.commit, snapshot.tree, snapshot.patch) == (None, None, b"")
    assert Git().diff(tmp_path, "a" * 40, "b" * 40) is None


def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert Git().snapshot(tmp_path).commit is None
