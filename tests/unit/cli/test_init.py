"""``ladle init`` writes a repository that check accepts, and writes over nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ladle.catalog import ModelType
from ladle.cli.init import guessed_type
from ladle.cli.main import main
from ladle.errors import LadleError
from ladle.experiments.manifest import Signature, TensorSpec
from ladle.project.built_folder import model_in

WRITTEN = {
    ".github/workflows/models.yml",
    ".gitignore",
    "README.md",
    "app.py",
    "cdk.json",
    "model_packages/fraud/flowers.csv",
    "model_packages/fraud/golden/setosa.json",
    "model_packages/fraud/model.onnx",
    "model_packages/fraud/model.yaml",
    "model_packages/fraud/train.py",
    "package.json",
    "pyproject.toml",
    "tests/test_models.py",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def test_it_writes_a_repository_that_check_accepts(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "fraud"]) == 0
    assert files(here).keys() == WRITTEN
    assert set(capsys.readouterr().out.splitlines()) == WRITTEN
    assert main(["check"]) == 0


def test_nothing_is_left_to_fill_in(here: Path) -> None:
    assert main(["init", "fraud"]) == 0
    texts = {name: text for name, text in files(here).items() if not name.endswith(".onnx")}
    left = [name for name, text in texts.items() if b"{{" in text.replace(b"${{", b"")]
    assert left == []


def test_a_second_model_joins_the_first_and_changes_none_of_its_files(here: Path) -> None:
    assert main(["init", "fraud"]) == 0
    (here / "app.py").write_text("# mine\n")
    before = files(here)
    assert main(["init", "churn"]) == 0
    after = files(here)
    assert {name: after[name] for name in before} == before
    assert "model_packages/churn/model.yaml" in after
    assert main(["check"]) == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("init Fraud_Score", "LD113"),
        ("init judge", "LD113"),
        ("init fraud --from model.pkl", "LD903"),
        ("init fraud --from mlflow:runs", "LD903"),
        ("init fraud --from model.h5", "LD903"),
        ("init fraud --from predict.py", "LD903"),
        ("init fraud --from nowhere.onnx", "LD305"),
    ],
)
def test_what_it_cannot_start_from_is_refused_and_nothing_written(
    here: Path, capsys: pytest.CaptureFixture[str], words: str, code: str
) -> None:
    assert main(words.split()) == 1
    assert code in capsys.readouterr().err
    assert files(here) == {}


def built(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"made by another tool")
    return folder


def test_what_a_model_builder_wrote_for_triton_is_the_model(tmp_path: Path) -> None:
    model = "model_repository/model/1/model.onnx"
    config = "model_repository/model/config.pbtxt"
    found = model_in(built(tmp_path, model, config, "code/serve.pkl"))
    assert found.file == tmp_path / model
    assert found.left == ("code/serve.pkl", config)


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (("code/serve.pkl", "code/inference.py", "code/metadata.json"), "pickled its model"),
        (("a.onnx", "b/c.onnx"), "2 ONNX files"),
        ((), "it holds nothing"),
    ],
)
def test_a_folder_without_one_onnx_file_is_refused_with_the_reason(
    tmp_path: Path, names: tuple[str, ...], why: str
) -> None:
    with pytest.raises(LadleError, match=f"LD398.*{why}"):
        model_in(built(tmp_path, *names))


def test_a_link_out_of_the_folder_is_no_model_of_it(tmp_path: Path) -> None:
    elsewhere = built(tmp_path / "elsewhere", "model.onnx") / "model.onnx"
    folder = built(tmp_path / "folder", "config.pbtxt")
    (folder / "model.onnx").symlink_to(elsewhere)
    with pytest.raises(LadleError, match=r"LD398.*0 ONNX files"):
        model_in(folder)


def test_a_folder_too_deep_to_be_read_is_refused(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=descriptor)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    with pytest.raises(LadleError, match=r"LD398.*not all of it can be read"):
        model_in(tmp_path)


def test_a_package_that_is_there_is_kept(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "fraud"]) == 0
    assert main(["init", "fraud"]) == 1
    assert "LD802" in capsys.readouterr().err


def outputs(*tensors: tuple[str, tuple[int | None, ...]]) -> Signature:
    specs = tuple(TensorSpec(f"out{i}", dtype, shape) for i, (dtype, shape) in enumerate(tensors))
    return Signature((), specs)


@pytest.mark.parametrize(
    ("signature", "type_"),
    [
        (outputs(("int64", (None,)), ("float", (None, 3))), ModelType.CLASSIFICATION),
        (outputs(("string", (None,))), ModelType.CLASSIFICATION),
        (outputs(("float", (None, 1))), ModelType.REGRESSION),
        (outputs(("double", (None,))), ModelType.REGRESSION),
        (outputs(("float", (None, 384))), ModelType.GENERIC),
        (outputs(("float", (None, 1)), ("float", (None, 8))), ModelType.GENERIC),
    ],
)
def test_the_type_is_guessed_from_what_the_model_puts_out(
    signature: Signature, type_: ModelType
) -> None:
    assert guessed_type(signature) is type_
