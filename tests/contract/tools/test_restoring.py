"""What an experiment kept comes back, its family is told, and it runs again, as people do it."""

from __future__ import annotations

import json
import sys

import pytest
from tests.contract.tools.shop import SCRIPT, Shop

from ladle.releases.effects import NewRecord, RecordKind
from ladle.wiring import open_workspace

TRAIN = (sys.executable, "train.py")


def write_script(shop: Shop, script: str) -> None:
    (shop.package / "train.py").write_text(script)


def train(shop: Shop) -> str:
    done = shop.ladle("record", "digits", "--", *TRAIN)
    assert done.returncode == 0, done.stderr
    return shop.newest().manifest.id


def test_data_and_model_come_back_as_they_were(shop: Shop) -> None:
    id_ = train(shop)
    csv, model = shop.package / "train.csv", shop.package / "model.onnx"
    before = csv.read_bytes(), model.read_bytes()
    csv.unlink()
    model.unlink()
    pulled = shop.ladle("pull", id_)
    assert pulled.returncode == 0, pulled.stderr
    assert (csv.read_bytes(), model.read_bytes()) == before


def test_what_was_modified_is_overwritten_only_when_asked(shop: Shop) -> None:
    id_ = train(shop)
    csv = shop.package / "train.csv"
    csv.write_text("mine\n")
    refused = shop.ladle("pull", id_)
    assert (refused.returncode, csv.read_text()) == (1, "mine\n")
    assert "LD353" in refused.stderr
    assert shop.ladle("pull", id_, "--force").returncode == 0
    assert csv.read_text() == "pixel,label\n0,3\n1,5\n2,3\n"


def test_one_file_of_a_folder_comes_back_to_another_place(shop: Shop) -> None:
    write_script(shop, SCRIPT.replace('"train.csv"', '"images"'))
    (shop.package / "images" / "deep").mkdir(parents=True)
    for name in ("a", "deep/b"):
        (shop.package / "images" / name).write_text(name)
    id_ = train(shop)
    path = "model_packages/digits/images/deep/b"
    assert shop.ladle("pull", id_, path, "--to", "../elsewhere").returncode == 0
    found = (shop.package / ".." / "elsewhere").resolve()
    assert [p.relative_to(found).as_posix() for p in found.rglob("*") if p.is_file()] == [path]
    assert "LD378" in shop.ladle("pull", id_, "model_packages/digits/images/c").stderr


def test_a_pinned_model_is_pulled_by_its_name_or_without_any(shop: Shop) -> None:
    shop.ladle("pin", "digits", train(shop))
    for words in (["digits"], []):
        (shop.package / "train.csv").unlink()
        assert shop.ladle("pull", *words).returncode == 0
        assert (shop.package / "train.csv").is_file()


def test_the_same_run_again_is_identical_and_leaves_no_worktree(shop: Shop) -> None:
    id_ = train(shop)
    (shop.package / "train.csv").write_text("mine\n")
    done = shop.ladle("reproduce", id_)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "identical"), done.stderr
    assert (shop.package / "train.csv").read_text() == "mine\n"
    assert len(shop.run("git", "worktree", "list").stdout.splitlines()) == 1
    assert len(shop.json("log")["experiments"]) == 1


def test_uncommitted_code_runs_again_as_it_was(shop: Shop) -> None:
    write_script(shop, SCRIPT.replace("0.97", "0.96"))
    id_ = train(shop)
    write_script(shop, SCRIPT)
    answer = shop.json("reproduce", id_)
    assert answer["verdict"] == "identical"
    (metric,) = [c for c in answer["compared"] if c["kind"] == "metric"]
    assert (metric["recorded"], metric["again"]) == (0.96, 0.96)


def hand_over(shop: Shop, release: int, experiment_id: str | None) -> None:
    """What the controller writes of a hand-off."""
    ledger = open_workspace(f"dir:{shop.root.parent / 'store'}", shop.root).ledger
    data = {"experiment_id": experiment_id}
    row = NewRecord(RecordKind.REQUESTED, release, "handed over", data)
    ledger.save(ledger.load("digits"), (row,), 1000.0 * release)


def commit(shop: Shop) -> None:
    shop.run("git", "add", "--all")
    shop.run("git", "commit", "--quiet", "-m", "as it is now")


def test_any_row_of_history_comes_back_with_its_data_and_its_code(shop: Shop) -> None:
    csv, script = shop.package / "train.csv", shop.package / "train.py"
    then = csv.read_text(), script.read_text()
    first = train(shop)
    hand_over(shop, 1, first)
    csv.write_text("pixel,label\n9,9\n")
    write_script(shop, SCRIPT.replace("0.97", "0.98"))
    commit(shop)
    hand_over(shop, 2, train(shop))
    commit(shop)
    done = shop.ladle("history", "digits", "--restore", "digits/1", "--yes")
    assert done.returncode == 0, done.stderr
    assert (csv.read_text(), script.read_text()) == then
    assert shop.json("show", first[:12])["id"] == first
    pinned = json.loads((shop.package / "pinned.json").read_text())
    assert pinned["manifest"]["code"]["commit"] is not None
    assert len(shop.json("log")["experiments"]) == 2
    assert len(shop.run("git", "worktree", "list").stdout.splitlines()) == 1


def test_a_row_is_not_restored_over_what_no_commit_has(shop: Shop) -> None:
    hand_over(shop, 1, train(shop))
    commit(shop)
    write_script(shop, "mine\n")
    done = shop.ladle("history", "digits", "--restore", "1", "--yes")
    assert done.returncode == 1
    assert "LD518" in done.stderr
    assert (shop.package / "train.py").read_text() == "mine\n"


def test_rows_that_cannot_be_restored_say_why(shop: Shop) -> None:
    hand_over(shop, 1, None)
    assert "LD517" in shop.ladle("history", "digits", "--restore", "1", "--yes").stderr
    assert "LD516" in shop.ladle("history", "digits", "--restore", "77", "--yes").stderr


CHANCE = """
import random
import ladle

with ladle.record("digits") as run:
    run.metrics(accuracy=0.9 + random.SystemRandom().random() / 100)
    run.tolerance(accuracy={})
"""


@pytest.mark.parametrize(
    ("allowed", "verdict", "status"), [("0.1", "within tolerance", 0), ("0.0", "differs", 1)]
)
def test_chance_is_judged_by_the_tolerance_that_was_stated(
    shop: Shop, allowed: str, verdict: str, status: int
) -> None:
    write_script(shop, CHANCE.format(allowed))
    done = shop.ladle("reproduce", train(shop))
    assert (done.returncode, done.stdout.splitlines()[0]) == (status, verdict)


def test_what_cannot_be_run_again_says_why(shop: Shop) -> None:
    id_ = train(shop)
    shop.run("git", "checkout", "--quiet", "--orphan", "other")
    shop.run("git", "commit", "--quiet", "-m", "anew")
    shop.run("git", "branch", "-D", "master", "main")
    shop.run("git", "reflog", "expire", "--expire=now", "--all")
    shop.run("git", "gc", "--quiet", "--prune=now")
    done = shop.ladle("reproduce", id_)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "cannot be told")
    assert "is not in this repository" in done.stdout


def test_family_is_told_as_a_tree_and_as_json(shop: Shop) -> None:
    first = train(shop)
    write_script(shop, SCRIPT.replace("run.params", f'run.parent("{first[:10]}")\n    run.params'))
    second = train(shop)
    tree = shop.ladle("lineage", second).stdout.splitlines()
    assert tree[0].startswith("digits 2, ")
    assert tree[1:3] == ["├─ began from", f"│  └─ digits 1, {first[:12]}: accuracy 0.97"]
    answer = shop.json("lineage", first)
    assert [c["id"] for c in answer["children"]] == [second]
    assert [s["name"] for s in answer["shared"]] == ["model_packages/digits/train.csv"]


def test_steps_are_kept_and_the_last_one_counts(shop: Shop) -> None:
    told = "    run.metrics(accuracy=0.97)\n"
    steps = "    for step in range(5):\n        run.metrics(step=step, accuracy=step / 10)\n"
    write_script(shop, SCRIPT.replace(told, steps))
    id_ = train(shop)
    assert shop.newest().manifest.metrics == {"accuracy": 0.4}
    assert "▁▃▅▆█ 5 steps" in shop.ladle("show", id_).stdout
