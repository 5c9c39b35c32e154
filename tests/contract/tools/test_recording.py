"""Recording as people do it: scripts with ladle.record, commands with ladle record, in a repository."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import onnx
from tests.contract.tools.shop import SCRIPT, Shop

from ladle import digest
from ladle.experiments.manifest import RecordedExperiment


def test_a_script_that_records_makes_one_whole_experiment(shop: Shop) -> None:
    done = shop.run(sys.executable, "train.py")
    assert (done.returncode, done.stdout) == (0, "training\n"), done.stderr
    manifest = shop.newest().manifest
    assert manifest.outcome == "succeeded"
    assert manifest.actor == "Ada"
    assert [f.name for f in manifest.data] == ["model_packages/digits/train.csv"]
    assert manifest.params == {"hidden": 16, "optimiser": {"name": "adam"}}
    assert manifest.metrics == {"accuracy": 0.97}
    assert manifest.code.argv == ("python", "train.py")
    assert not manifest.code.dirty
    assert manifest.artefact is not None
    assert manifest.artefact.signature.inputs[0].shape == (None, 2)
    assert manifest.environment.packages["onnx"] == onnx.__version__
    assert shop.output() == "training\n"


def test_a_script_that_fails_is_recorded_as_failed_and_fails(shop: Shop) -> None:
    done = shop.run(sys.executable, "train.py", "--fail")
    assert done.returncode == 1
    assert "the data is empty" in done.stderr
    manifest = shop.newest().manifest
    assert (manifest.outcome, manifest.artefact) == ("failed", None)
    assert shop.output().startswith("training\nTraceback")
    assert "ValueError: the data is empty" in shop.output()


def test_under_ladle_record_script_and_command_are_one_experiment(shop: Shop) -> None:
    done = shop.ladle("record", "digits", "--", sys.executable, "train.py", "-v")
    assert (done.returncode, done.stdout) == (0, "training\n"), done.stderr
    assert len(shop.json("log")["experiments"]) == 1
    manifest = shop.newest().manifest
    assert manifest.code.argv == ("python", "train.py", "-v")
    assert manifest.metrics == {"accuracy": 0.97}
    assert shop.output() == "training\n"


def test_a_command_that_fails_is_recorded_and_its_exit_code_passed_on(shop: Shop) -> None:
    script = "import sys; print('so far'); print('no more', file=sys.stderr); sys.exit(7)"
    done = shop.ladle("record", "digits", "--", sys.executable, "-c", script)
    assert done.returncode == 7
    assert done.stdout == "so far\n"
    assert shop.newest().manifest.outcome == "failed"
    assert sorted(shop.output().splitlines()) == ["no more", "so far"]


def test_a_command_that_was_killed_ends_as_a_shell_would_say(shop: Shop) -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    done = shop.ladle("record", "digits", "--", sys.executable, "-c", script)
    assert done.returncode == 128 + 9
    assert shop.newest().manifest.outcome == "failed"


def test_a_command_that_does_not_exist_is_told(shop: Shop) -> None:
    done = shop.ladle("record", "digits", "--", "no-such-program")
    assert done.returncode == 1
    assert "LD330" in done.stderr


def test_a_script_for_another_model_is_stopped_and_told(shop: Shop) -> None:
    done = shop.ladle("record", "fraud", "--", sys.executable, "train.py")
    assert done.returncode == 1
    assert "LD332" in done.stderr


def test_a_pickle_is_refused_as_a_model(shop: Shop) -> None:
    (shop.package / "model.onnx").write_bytes(b"\x80\x04K\x01.")
    done = shop.run(sys.executable, "train.py")
    assert "LD321" in done.stderr
    assert "help:" in done.stderr
    assert shop.newest().manifest.outcome == "failed"


def test_two_experiments_on_other_labels_differ_in_rows_and_nothing_else(shop: Shop) -> None:
    shop.run(sys.executable, "train.py")
    before = shop.newest().manifest.id
    (shop.package / "train.csv").write_text("pixel,label\n0,8\n1,5\n2,8\n")
    shop.run(sys.executable, "train.py")
    after = shop.newest().manifest.id
    answer = shop.json("diff", before[:8], after[:8])
    assert [(c["part"], c["name"]) for c in answer["changes"]] == [
        ("data", "model_packages/digits/train.csv")
    ]
    assert answer["rows"]["model_packages/digits/train.csv"]["changed"] == [[1, 1], [3, 3]]
    text = shop.ladle("diff", before[:8], after[:8]).stdout
    assert "2 of 3 rows differ, only in column `label` (3 → 8: 2)" in text
    assert "code         the same" in text


def test_uncommitted_code_is_told_by_file(shop: Shop) -> None:
    shop.run(sys.executable, "train.py")
    before = shop.newest().manifest.id
    (shop.package / "train.py").write_text(SCRIPT + "# an idea\n")
    shop.run(sys.executable, "train.py")
    text = shop.ladle("diff", before, shop.newest().manifest.id).stdout
    assert "model_packages/digits/train.py +1 −0" in text


def test_a_pinned_experiment_is_starred_and_code_stays_the_same_after_its_commit(
    shop: Shop,
) -> None:
    shop.run(sys.executable, "train.py")
    first = shop.newest()
    assert shop.ladle("pin", "digits", first.manifest.id).returncode == 0
    assert f"* {first.manifest.id[:12]}" in shop.ladle("log").stdout
    shop.run("git", "add", "--all", ".")
    shop.run("git", "commit", "--quiet", "-m", "pin")
    shop.run(sys.executable, "train.py")
    second = shop.newest()
    assert second.manifest.code.commit != first.manifest.code.commit
    assert shop.json("diff", first.manifest.id, second.manifest.id)["changes"] == []


def test_a_folder_outside_of_every_repository_is_told(shop: Shop, tmp_path: Path) -> None:
    done = shop.run(sys.executable, str(shop.package / "train.py"), cwd=tmp_path)
    assert done.returncode == 1
    assert "LD131" in done.stderr


def test_an_experiment_that_does_not_exist_is_told_by_every_command(shop: Shop) -> None:
    for words in (["show", "abcdef"], ["diff", "abcdef", "abcdef"], ["pin", "digits", "abcdef"]):
        done = shop.ladle(*words)
        assert done.returncode == 1
        assert "LD301" in done.stderr


def test_four_processes_that_record_at_one_moment_lose_nothing(shop: Shop) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: shop.run(sys.executable, "train.py"), range(4)))
    assert [d.returncode for d in done] == [0] * 4, [d.stderr for d in done]
    log = [RecordedExperiment.from_json(e) for e in shop.json("log")["experiments"]]
    by_place = sorted(log, key=lambda e: e.sequence)
    assert [e.sequence for e in by_place] == [1, 2, 3, 4]
    chain = [None, *(e.manifest.id for e in by_place)]
    assert [e.manifest.previous for e in by_place] == chain[:-1]


def test_a_lock_file_and_an_image_are_part_of_the_environment(shop: Shop) -> None:
    (shop.root / "uv.lock").write_text("locked\n")
    image = f"registry.example/train@sha256:{'a' * 64}"
    told = f"import os\nos.environ['LADLE_IMAGE'] = '{image}'\n"
    (shop.package / "train.py").write_text(told + SCRIPT)
    assert shop.run(sys.executable, "train.py").returncode == 0
    environment = shop.newest().manifest.environment
    assert environment.lock_file == str(digest.of_bytes(b"locked\n"))
    assert environment.image == f"sha256:{'a' * 64}"
    (shop.package / "train.py").write_text(told.replace("@sha256:", ":") + SCRIPT)
    assert "LD377" in shop.run(sys.executable, "train.py").stderr


def test_what_ladle_and_the_run_wrote_is_no_uncommitted_code(shop: Shop) -> None:
    told = '    run.model("model.onnx")\n'
    writes = "    open('told.txt', 'w').write('3')\n    run.output('told.txt')\n"
    (shop.package / "train.py").write_text(SCRIPT.replace(told, told + writes))
    shop.run("git", "commit", "--quiet", "--all", "-m", "tell")
    for _ in range(2):
        assert shop.run(sys.executable, "train.py").returncode == 0
    manifest = shop.newest().manifest
    assert [o.name for o in manifest.outputs] == ["model_packages/digits/told.txt"]
    assert not manifest.code.dirty
