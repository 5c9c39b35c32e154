"""The question as a command asks it: on the stores of a folder, with real bytes behind the manifests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.why.play import BEGAN, FLIPPED, MODEL, Play, experiment, table
from tests.unit.why.scenes import first_release, rolled_back

from ladle.actions.answer_why import answer_why
from ladle.actions.push_data import push_data
from ladle.actions.snapshot_data import snapshot_data
from ladle.cli.why import WIDTH, lines, read_time, short_id
from ladle.disk.file_index import SqliteFileIndex
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.disk.silent import SILENT
from ladle.disk.workspace import disk_workspace
from ladle.errors import NotFound, UsageError
from ladle.ports import Commit, Workspace
from ladle.quality.counts import WindowKey
from ladle.releases.effects import NewRecord
from ladle.why.explanation import Conclusion, Explanation, Topic
from ladle.why.facts import Subject


class NoRepository:
    """The commands run outside of any repository."""

    def snapshot(self, folder: Path, without: Sequence[str] = ()) -> Commit:
        return Commit(None, False, b"")

    def diff(self, folder: Path, before: str, after: str) -> bytes | None:
        return None


def packs(folder: Path) -> SqlitePackCatalogue:
    return SqlitePackCatalogue(folder / "index.sqlite")


def stored(play: Play, folder: Path) -> Workspace:
    """The play's history, counters and experiments, as the adapters keep them."""
    workspace = disk_workspace(folder, f"dir:{folder}")
    kept = replace(play.state, generation=0, rows=0, deployed=None)
    for row in play.records:
        new = NewRecord(row.kind, row.release, row.text, row.data)
        kept = workspace.ledger.save(kept, [new], row.at)
        kept = replace(kept, rows=kept.generation)
    workspace.counters.add(
        {
            f"{release} {window.start}": {WindowKey(MODEL, release, window.start): window.counts}
            for release, windows in play.windows.items()
            for window in windows
        }
    )
    for number, made in play.experiments.items():
        path = folder / "train.csv"
        path.write_bytes(table(FLIPPED if number == 2 else 0))
        snapshot = snapshot_data(path, SqliteFileIndex(folder / "index.sqlite"), SILENT)
        pushed = push_data(
            [snapshot], workspace.objects, packs(folder), workspace.url, None, SILENT
        )
        workspace.manifests.append(made.manifest, {pushed.layout: pushed.locator}, pushed.layout)
    return workspace


def ask(play: Play, folder: Path) -> Explanation:
    return answer_why(
        Subject(MODEL), stored(play, folder), packs(folder), NoRepository(), folder, play.now
    )


def test_the_rows_that_differ_are_read_from_the_store(tmp_path: Path) -> None:
    told = ask(rolled_back(), tmp_path)
    assert told.conclusion is Conclusion.ROLLED_BACK
    assert told.compared is not None
    assert len(told.compared.rows["data/train.csv"].changed) == FLIPPED


def test_what_is_printed_begins_with_the_conclusion_and_cites_every_record(tmp_path: Path) -> None:
    told = ask(rolled_back(), tmp_path)
    text = list(lines(told))
    assert text[0].startswith("Release 2 answered wrongly more often than release 1")
    assert max(map(len, text)) <= WIDTH
    flat = " ".join(" ".join(text).split())
    for sentence in told.sentences:
        cited = ", ".join(short_id(r) for r in sentence.records)
        assert f"{sentence.text} [{cited}]" in flat


def test_the_json_answer_holds_the_same_sentences_numbers_and_differences(tmp_path: Path) -> None:
    told = ask(rolled_back(), tmp_path)
    data = json.loads(json.dumps(told.to_json()))
    assert data["verdict"] == "rolled back"
    assert (data["release"], data["against"]) == (2, 1)
    assert data["evidence"]["log_e"] >= data["evidence"]["log_e_limit"]
    (rows,) = data["differences"]["rows"]
    assert (rows["file"], rows["changed"], rows["of"]) == ("data/train.csv", FLIPPED, 1437)
    assert rows["columns"] == ["label"]
    assert {c["part"] for c in data["differences"]["causes"]} == {"data"}


def test_while_a_trial_runs_the_counters_of_this_moment_are_judged(tmp_path: Path) -> None:
    play = first_release()
    play.hand_over(2, experiment(2, FLIPPED, 0.97, after=play.experiments[1]))
    play.serve(20, {1: 0.03, 2: 0.03}, seed=9)
    told = ask(play, tmp_path)
    assert told.conclusion is Conclusion.CANNOT_TELL
    assert told.evidence is not None
    counted = [w for w in play.windows[2] if w.start >= play.state.evidence_since]
    assert told.evidence.candidate_requests == sum(w.counts.requests for w in counted)


def test_bytes_that_are_gone_make_the_answer_coarser_and_not_wrong(tmp_path: Path) -> None:
    play = rolled_back()
    workspace = stored(play, tmp_path)
    kept = list(workspace.objects.stored())
    assert kept
    for one in kept:
        workspace.objects.erase(one.digest)
    told = answer_why(
        Subject(MODEL), workspace, packs(tmp_path), NoRepository(), tmp_path, play.now
    )
    text = " ".join(s.text for s in told.sentences if s.topic is Topic.DIFFERS)
    assert "differ in data only" in text
    assert "other content" in text
    assert "rows differ" not in text


def test_an_experiment_that_is_gone_is_said_to_be_unknown(tmp_path: Path) -> None:
    play = rolled_back()
    play.experiments.clear()
    told = ask(play, tmp_path)
    assert "what differs is not known" in " ".join(s.text for s in told.sentences)


def test_a_model_without_history_is_refused_with_its_mend(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refused:
        ask(Play(), tmp_path)
    assert refused.value.code == "LD540"
    assert refused.value.finding.fix


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-23T10:00:14Z", 14.0),
        ("2026-11-23T10:00:14", 14.0),
        ("2026-11-23 11:00:14+01:00", 14.0),
        ("2026-11-23", -36000.0),
        ("yesterday", 100.0 - 86_400),
        ("3d", 100.0 - 3 * 86_400),
        ("1.5 h ago", 100.0 - 5400),
        ("2w", 100.0 - 14 * 86_400),
    ],
)
def test_a_time_without_an_offset_is_utc_and_one_ago_is_counted_from_now(
    text: str, seconds: float
) -> None:
    assert read_time(text, BEGAN + 100) - BEGAN == seconds


def test_what_is_no_time_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as refused:
        read_time("last tuesday", BEGAN)
    assert refused.value.code == "LD813"
