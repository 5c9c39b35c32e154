"""verify, gc, erase and history --at, as they are typed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.contract.tools.shop import Shop

from ladle.disk.release_ledger import DiskReleaseLedger
from ladle.releases.effects import NewRecord, RecordKind
from ladle.releases.state import ReleaseState

TRAIN = ("record", "digits", "--", sys.executable, "train.py")


def objects(shop: Shop) -> list[Path]:
    return [p for p in (shop.root.parent / "store/objects/b").rglob("*") if p.is_file()]


def test_what_was_recorded_is_whole(shop: Shop) -> None:
    assert shop.ladle(*TRAIN).returncode == 0
    done = shop.ladle("verify", "--deep")
    assert (done.returncode, done.stdout.startswith("whole: 1 experiment, ")) == (0, True)


def test_a_deleted_object_is_named_and_repaired_from_the_working_files(shop: Shop) -> None:
    shop.ladle(*TRAIN)
    model = shop.newest().manifest.artefact
    assert model is not None
    (stored,) = [p for p in objects(shop) if p.name in model.digest]
    stored.unlink()
    found = shop.ladle("verify", "--json")
    assert found.returncode == 1
    (problem,) = json.loads(found.stdout)["problems"]
    assert (problem["fault"], problem["subject"]) == ("missing", model.digest)
    assert "the model" in problem["text"]
    repaired = shop.ladle("verify", "--repair")
    assert (repaired.returncode, stored.is_file()) == (0, True)


def test_a_chain_that_was_cut_after_this_machine_recorded_it_is_named(shop: Shop) -> None:
    shop.ladle(*TRAIN)
    shop.ladle(*TRAIN)
    (shop.root.parent / "store/manifests/digits/000000000002.json").unlink()
    found = shop.ladle("verify")
    assert found.returncode == 1
    assert "this machine saw experiment" in found.stdout


def test_the_lost_row_of_the_experiment_that_is_asked_for_comes_back_from_its_pin(
    shop: Shop,
) -> None:
    shop.ladle(*TRAIN)
    shop.ladle(*TRAIN)
    id_ = shop.newest().manifest.id
    shop.ladle("pin", "digits", id_)
    row = shop.root.parent / "store/manifests/digits/000000000002.json"
    row.unlink()
    lost = shop.ladle("verify", id_)
    assert (lost.returncode, row.is_file()) == (1, False)
    mended = shop.ladle("verify", id_, "--repair")
    assert (mended.returncode, row.is_file()) == (0, True), mended.stderr
    assert shop.ladle("verify", id_).returncode == 0


def test_gc_shows_first_then_takes_then_gives_back(shop: Shop) -> None:
    shop.ladle(*TRAIN)
    shutil.rmtree(shop.root.parent / "store/manifests")
    (shop.root / ".ladle/heads.json").unlink()
    before = len(objects(shop))
    plan = shop.json("gc", "--grace", "0")
    assert plan["objects"] == before
    assert len(objects(shop)) == before
    assert shop.json("gc", "--grace", "0", "--apply")["objects"] == before
    assert shop.json("gc", "--undo")["objects"] == before
    assert len(objects(shop)) == before + 1, "and the list of what was taken"
    assert "LD363" in shop.ladle("gc", "--undo").stderr
    assert "LD368" in shop.ladle("gc", "--undo", "--apply").stderr


def test_erased_data_is_gone_and_said_to_be(shop: Shop) -> None:
    shop.ladle(*TRAIN)
    path = "model_packages/digits/train.csv"
    text = (shop.root / path).read_bytes()
    refused = shop.ladle("erase", path, "--reason", "asked")
    assert (refused.returncode, "LD803" in refused.stderr) == (2, True)
    assert shop.ladle("erase", path, "--reason", "asked", "--yes").returncode == 0
    assert not [p for p in objects(shop) if text in p.read_bytes()]
    report = shop.json("verify", "--deep")
    assert report["whole"]
    gone = {(g["name"], g["reason"]) for g in report["gone"]}
    assert gone == {(path, "asked"), (f"the columns of {path}", "asked")}
    (shop.root / path).unlink()
    pulled = shop.ladle("pull", shop.newest().manifest.id)
    assert (pulled.returncode, "LD366" in pulled.stderr) == (1, True)


def test_what_served_at_a_time_is_answered(shop: Shop) -> None:
    ledger = DiskReleaseLedger(shop.root.parent / "store")
    state = ReleaseState("digits")
    for number, at in ((1, 1_795_000_000.0), (2, 1_795_003_600.0)):
        alias = {"version": str(number), "weights": {str(number): 1.0}}
        read = NewRecord(RecordKind.OUTCOME, number, f"release {number}", {"alias": alias})
        state = ledger.save(state, [read], at)
    noon = asked(shop, "2026-11-18T11:30:00Z")
    assert [r["number"] for r in json.loads(noon.stdout)["served"]] == [1]
    assert json.loads(asked(shop, "2026-11-19").stdout)["served"][0]["number"] == 2
    assert "LD369" in asked(shop, "2026-11-01").stderr
    assert "LD370" in asked(shop, "yesterday").stderr


def asked(shop: Shop, at: str) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, "-m", "ladle", "history", "digits", "--at", at, "--json")
    return shop.run(*words, cwd=shop.root)
