"""Stores that MLflow 3.17 wrote, of files and in SQLite, and damaged ones. MLflow is not installed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.contract.imports.importing import FIXTURES, Refusing, Store

from ladle.digest import Digest
from ladle.errors import LadleError
from ladle.experiments.manifest import Manifest
from ladle.project.mlflow_store import read_mlflow
from ladle.tools.model_jail import ModelJail

KINDS = ["files", "database"]


@pytest.fixture(params=KINDS)
def mlflow(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return copied(tmp_path, str(request.param))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return copied(tmp_path, "files")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return copied(tmp_path, "database")


def copied(tmp_path: Path, kind: str) -> Path:
    return Path(shutil.copytree(FIXTURES / "mlflow" / kind, tmp_path / "work"))


def run_folder(root: Path) -> Path:
    (path,) = root.rglob("params/opt")
    return path.parent.parent


def by_name(store: Store) -> dict[str, Manifest]:
    log = store.workspace.manifests.log("fraud-detection")
    return {r.manifest.params["mlflow"]["run"]: r.manifest for r in log}


def test_runs_become_experiments_the_failed_ones_too(mlflow: Path, store: Store) -> None:
    runs, notes = read_mlflow(mlflow)
    store.take(runs)
    found = by_name(store)
    assert {name: m.outcome for name, m in found.items()} == {
        "good": "succeeded",
        "pickled": "succeeded",
        "broke": "failed",
    }
    assert notes == ["run still running is left out: it has not ended"]
    good = found["good"]
    assert (good.actor, good.code.commit) == ("ada", "c" * 40)
    assert {k: good.params[k] for k in ("depth", "opt/name")} == {"depth": "6", "opt/name": "adam"}
    assert good.started_at is not None
    assert good.started_at.endswith("Z")
    assert good.code.argv == ("python", "train.py")


def test_what_was_registered_under_which_alias_is_noted(mlflow: Path, store: Store) -> None:
    store.take(read_mlflow(mlflow)[0])
    told = by_name(store)["good"].params["mlflow"]
    assert told["registered"] == [{"model": "fraud", "version": "1", "aliases": ["champion"]}]
    assert told["tags"] == {"team": "risk"}
    assert told["datasets"] == [{"name": "rows", "digest": "d1"}]


def test_metrics_keep_their_steps_and_what_is_no_number_is_left_out(
    mlflow: Path, store: Store
) -> None:
    recorded = store.take(read_mlflow(mlflow)[0]).recorded
    good = next(r for r in recorded if r.manifest.params["mlflow"]["run"] == "good")
    assert good.manifest.metrics == {"accuracy": 0.9, "loss": 0.25}
    assert good.manifest.steps is not None
    steps = Digest.parse(good.manifest.steps)
    with store.workspace.objects.open(steps, good.locators[str(steps)]) as stream:
        rows = [json.loads(line) for line in stream.read().splitlines()]
    assert rows == [
        {"step": 0, "accuracy": 0.9, "loss": 1.0},
        {"step": 1, "loss": 0.5},
        {"step": 2, "loss": 0.25},
    ]


def test_credentials_among_the_params_are_masked(mlflow: Path, store: Store) -> None:
    store.take(read_mlflow(mlflow)[0])
    assert "pa55word" not in json.dumps(by_name(store)["good"].to_json())


def test_an_onnx_file_is_the_model_and_a_pickle_is_an_output(mlflow: Path, store: Store) -> None:
    recorded = store.take(read_mlflow(mlflow)[0]).recorded
    by_run = {r.manifest.params["mlflow"]["run"]: r for r in recorded}
    artefact = by_run["good"].manifest.artefact
    assert artefact is not None
    assert artefact.name == "model.onnx"
    assert store.files(by_run["good"], "artifacts")["notes/hi.txt"] == b"hello\n"
    assert by_run["pickled"].manifest.artefact is None
    assert "model.pkl" in store.files(by_run["pickled"], "models/classifier")


def test_the_model_goes_through_the_jail(files: Path, tmp_path: Path) -> None:
    recorded = Store(tmp_path / "jailed", ModelJail()).take(read_mlflow(files)[0]).recorded
    (artefact,) = [r.manifest.artefact for r in recorded if r.manifest.artefact]
    assert [s.name for s in artefact.signature.outputs] == ["label"]


def test_a_model_that_the_jail_refuses_is_said_so(files: Path, tmp_path: Path) -> None:
    taken = Store(tmp_path / "ladle", Refusing()).take(read_mlflow(files)[0])
    assert len(taken.recorded) == 3
    assert "artifacts/model/model.onnx is kept as an output" in taken.notes[0]


def test_the_same_import_twice_records_nothing_new(mlflow: Path, store: Store) -> None:
    store.take(read_mlflow(mlflow)[0])
    again = store.take(read_mlflow(mlflow)[0])
    assert (again.recorded, len(again.known)) == ((), 3)


def test_a_model_may_be_given_its_name(files: Path) -> None:
    assert {run.model for run in read_mlflow(files, "fraud")[0]} == {"fraud"}
    with pytest.raises(LadleError, match="LD331"):
        read_mlflow(files, "No Name")


def test_the_folder_the_one_above_and_the_file_are_all_found(files: Path, tmp_path: Path) -> None:
    assert len(read_mlflow(files / "mlruns")[0]) == 3
    with pytest.raises(LadleError, match="LD390"):
        read_mlflow(tmp_path / "nothing")


def test_the_database_is_not_written(database: Path) -> None:
    path = database / "mlflow.db"
    path.chmod(0o400)
    before = path.read_bytes()
    assert len(read_mlflow(path)[0]) == 3
    assert path.read_bytes() == before
    assert sorted(p.name for p in database.iterdir()) == ["mlflow.db", "mlruns"]


def test_files_of_another_machine_are_found_beside_the_store(database: Path) -> None:
    (database / "mlruns").rename(database / "mlartifacts")
    runs, _ = read_mlflow(database)
    assert [run.model_file for run in runs if run.model_file] == [("artifacts", "model/model.onnx")]


def artifacts_at(root: Path, address: str) -> None:
    shutil.rmtree(run_folder(root) / "artifacts")
    path = run_folder(root) / "meta.yaml"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([f"artifact_uri: {address}", *lines[1:]]) + "\n")


@pytest.mark.parametrize("address", ["s3://key:hidden-word@bucket/1/x/artifacts", "file:///etc"])
def test_files_elsewhere_are_never_read(files: Path, store: Store, address: str) -> None:
    artifacts_at(files, address)
    with pytest.raises(LadleError, match="LD395") as refusal:
        read_mlflow(files)
    assert "hidden-word" not in str(refusal.value)
    runs, _ = read_mlflow(files, with_files=False)
    assert all(run.outputs == () for run in runs)
    assert len(store.take(runs).recorded) == 3


def test_an_artifact_folder_that_is_a_link_is_not_followed(files: Path) -> None:
    folder = run_folder(files) / "artifacts"
    shutil.rmtree(folder)
    folder.symlink_to("/etc")
    assert all(run.outputs == () for run in read_mlflow(files)[0] if run.params.get("depth") == "6")


def test_a_link_among_artifacts_stays_a_link(files: Path, store: Store) -> None:
    (run_folder(files) / "artifacts" / "notes" / "leak").symlink_to("/etc/hostname")
    recorded = store.take(read_mlflow(files)[0]).recorded
    good = next(r for r in recorded if r.manifest.params["mlflow"]["run"] == "good")
    assert store.files(good, "artifacts")["notes/leak"] == b"/etc/hostname"


def meta(text: str) -> Callable[[Path], object]:
    return lambda root: (run_folder(root) / "meta.yaml").write_text(text)


def metric(text: str) -> Callable[[Path], object]:
    return lambda root: (run_folder(root) / "metrics" / "loss").write_text(text)


def param(content: bytes) -> Callable[[Path], object]:
    return lambda root: (run_folder(root) / "params" / "depth").write_bytes(content)


def linked(root: Path) -> None:
    (run_folder(root) / "params" / "leak").symlink_to("/etc/hostname")


HOSTILE = {
    "no YAML": (meta("a: [b\n"), "LD391", "meta.yaml:"),
    "a bomb": (meta("a: &a [1]\nb: [*a, *a]\n"), "LD391", "meta.yaml:1"),
    "a tag": (meta("a: !!python/object:os.system x\n"), "LD391", "meta.yaml:1"),
    "no metric": (metric("1 2 3\nnonsense\n"), "LD391", "metrics/loss:2"),
    "no step": (metric("1 2 many\n"), "LD391", "metrics/loss:1"),
    "not UTF-8": (param(b"\xff"), "LD391", "params/depth"),
    "half a character": (meta('a: "\\ud800"\n'), "LD391", "meta.yaml"),
    "half a character in a key": (meta('"\\ud800": 1\n'), "LD391", "meta.yaml"),
    "a link": (linked, "LD392", "params/leak"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_store_is_refused_with_its_place(files: Path, name: str) -> None:
    damage, code, shown = HOSTILE[name]
    damage(files)
    with pytest.raises(LadleError) as refusal:
        read_mlflow(files)
    assert [f for f in refusal.value.findings if f.code == code and shown in str(f)]


def test_all_mistakes_of_a_store_are_told_at_once(files: Path) -> None:
    metric("nonsense\nmore\n")(files)
    param(b"\xff")(files)
    with pytest.raises(LadleError) as refusal:
        read_mlflow(files)
    assert len(refusal.value.findings) == 3


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"x" * 4096])
def test_what_is_no_database_of_mlflow_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mlflow.db").write_bytes(content)
    with pytest.raises(LadleError, match=r"LD391 this is no database that MLflow"):
        read_mlflow(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE metrics SET step = 'x'",
        "UPDATE metrics SET value = 'x'",
        "UPDATE runs SET start_time = 1e300",
        "UPDATE logged_models SET name = '../../x'",
        "UPDATE runs SET run_uuid = '../../x' || rowid",
    ],
)
def test_a_hostile_database_is_refused_or_read_without_harm(
    database: Path, store: Store, change: str
) -> None:
    with closing(sqlite3.connect(database / "mlflow.db")) as connection:
        connection.execute(change)
        connection.commit()
    with suppress(LadleError):
        store.take(read_mlflow(database)[0])
    log = store.workspace.manifests.log("fraud-detection")
    assert all(".." not in f.name for r in log for f in r.manifest.outputs)
