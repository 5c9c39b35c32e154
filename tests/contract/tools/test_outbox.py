"""Runs that wait: offline, cut off, with data that changed; none is lost, none is recorded twice."""

from __future__ import annotations

import json
import shutil
import sys

from tests.contract.tools.shop import Shop

TRAIN = (sys.executable, "train.py")


def waiting(shop: Shop) -> list[str]:
    return sorted(path.parent.name for path in shop.root.glob(".ladle/outbox/*/draft.json"))


def recorded(shop: Shop) -> int:
    return len(shop.json("log")["experiments"])


def test_a_run_recorded_offline_waits_and_push_sends_it(shop: Shop) -> None:
    done = shop.ladle("record", "--offline", "digits", "--", *TRAIN)
    assert done.returncode == 0
    assert "`ladle push` sends it" in done.stderr
    assert (recorded(shop), len(waiting(shop))) == (0, 1)
    assert "1 run waits in .ladle/outbox: ladle push" in shop.ladle("log").stderr
    pushed = shop.ladle("push")
    assert pushed.returncode == 0
    assert "recorded digits 1" in pushed.stderr
    assert waiting(shop) == []
    assert shop.newest().manifest.metrics == {"accuracy": 0.97}
    assert shop.output() == "training\n"


def test_a_script_may_be_offline_by_itself(shop: Shop) -> None:
    script = (shop.package / "train.py").read_text().replace('"digits"', '"digits", offline=True')
    (shop.package / "train.py").write_text(script)
    assert "`ladle push` sends it" in shop.run(*TRAIN).stderr
    assert shop.ladle("push").returncode == 0
    assert recorded(shop) == 1


def test_changed_data_is_named_and_holds_up_no_other_run(shop: Shop) -> None:
    shop.ladle("record", "--offline", "digits", "--", *TRAIN)
    (shop.package / "train.csv").write_text("pixel,label\n0,8\n")
    shop.ladle("record", "--offline", "digits", "--", *TRAIN)
    pushed = shop.ladle("push", "--json")
    assert pushed.returncode == 1
    answer = json.loads(pushed.stdout)
    assert len(answer["recorded"]) == 1
    (left,) = answer["waiting"]
    assert left["code"] == "LD316"
    assert "model_packages/digits/train.csv changed" in left["why"]
    assert [left["run"]] == waiting(shop)


def test_the_changed_file_of_a_folder_is_named(shop: Shop) -> None:
    script = (shop.package / "train.py").read_text().replace('"train.csv"', '"images"')
    (shop.package / "train.py").write_text(script)
    (shop.package / "images" / "deep").mkdir(parents=True)
    for name in ("a", "deep/b"):
        (shop.package / "images" / name).write_text(name)
    shop.ladle("record", "--offline", "digits", "--", *TRAIN)
    (shop.package / "images" / "deep" / "b").write_text("other")
    assert "model_packages/digits/images/deep/b changed" in shop.ladle("push").stderr


def test_a_run_whose_data_is_gone_can_be_let_go(shop: Shop) -> None:
    shop.ladle("record", "--offline", "digits", "--", *TRAIN)
    (shop.package / "train.csv").unlink()
    assert "LD305" in shop.ladle("push").stderr
    (name,) = waiting(shop)
    assert shop.ladle("push", "--forget", name).returncode == 0
    assert waiting(shop) == []
    assert "LD375" in shop.ladle("push", "--forget", name).stderr


def test_what_a_waiting_run_wrote_may_be_written_again(shop: Shop) -> None:
    script = (shop.package / "train.py").read_text()
    told = '    run.model("model.onnx")\n'
    writes = "    open('told.txt', 'w').write(sys.argv[1])\n    run.output('told.txt')\n"
    (shop.package / "train.py").write_text(script.replace(told, told + writes))
    for word in ("first", "second"):
        shop.ladle("record", "--offline", "digits", "--", *TRAIN, word)
    assert shop.ladle("push").returncode == 0
    assert recorded(shop) == 2


def test_a_store_that_cannot_be_reached_at_the_end_loses_nothing(shop: Shop) -> None:
    """The store's folder becomes a file while the command runs."""
    breaks = (
        "import pathlib, shutil; p = pathlib.Path('../../../store'); "
        "shutil.rmtree(p, ignore_errors=True); p.write_text('')"
    )
    done = shop.ladle("record", "digits", "--", sys.executable, "-c", breaks)
    assert done.returncode == 1
    assert "the run is kept in .ladle/outbox, not in the store: LD381" in done.stderr
    assert len(waiting(shop)) == 1
    (shop.root.parent / "store").unlink()
    assert shop.ladle("push").returncode == 0
    assert recorded(shop) == 1


def test_a_draft_whose_answer_was_lost_is_not_recorded_twice(shop: Shop) -> None:
    """As after a crash between the manifest and the removal of the draft."""
    shop.ladle("record", "--offline", "digits", "--", *TRAIN)
    (name,) = waiting(shop)
    folder = shop.root / ".ladle" / "outbox" / name
    shutil.copytree(folder, shop.root / "saved")
    shop.ladle("push")
    shutil.copytree(shop.root / "saved", folder)
    draft = json.loads((folder / "draft.json").read_text())
    draft["tried"] = [shop.newest().manifest.id]
    (folder / "draft.json").chmod(0o644)
    (folder / "draft.json").write_text(json.dumps(draft))
    assert shop.ladle("push").returncode == 0
    assert (recorded(shop), waiting(shop)) == (1, [])


def test_what_a_killed_process_left_is_removed(shop: Shop) -> None:
    left = shop.root / ".ladle" / "outbox" / "20261123T000000000-digits-abcdef"
    left.mkdir(parents=True)
    (left / "lock").touch()
    assert "1 run was killed before the end" in shop.ladle("push").stderr
    assert not left.exists()


def test_runs_for_another_workspace_are_named_and_left(shop: Shop) -> None:
    shop.ladle("record", "--offline", "digits", "--", *TRAIN)
    (name,) = waiting(shop)
    path = shop.root / ".ladle" / "outbox" / name / "draft.json"
    path.chmod(0o644)
    path.write_text(path.read_text().replace("dir:../store", "dir:../elsewhere"))
    pushed = shop.ladle("push")
    assert pushed.returncode == 0
    assert "1 run waits for another workspace: LADLE_WORKSPACE=dir:../elsewhere" in pushed.stderr
    assert waiting(shop) == [name]
