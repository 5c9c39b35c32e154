"""Labels by source: told apart, taken back, and left out where they cover the releases unequally."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.actions.take_labels import Intake, take_labels
from ladle.cli.release_words import evidence_lines
from ladle.disk.counter_store import DiskCounterStore
from ladle.disk.label_store import DiskLabelStore
from ladle.disk.prediction_log import DiskPredictionLog
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.verdicts import Evidence, Verdict
from ladle.quality import errors, sources
from ladle.quality.acceptance import Counting, accept
from ladle.quality.counts import MICRO, Counts, Window, total
from ladle.quality.evidence import judge
from ladle.quality.labels import Label, PredictionRows
from ladle.quality.new_label import NewLabel
from ladle.quality.outcomes import deltas, judged
from ladle.quality.pairing import PairedWindow
from ladle.quality.sources import REST, labels_of, told_apart, without

ACCURACY = Guard(GuardName.ACCURACY, worse_by=0.005)
POLICY = RolloutPolicy(labels_expected=True, label_sources=("desk", "shop"), guards=(ACCURACY,))
APART = told_apart(POLICY)
ROWS = PredictionRows("fraud", "A" * 22, 7, 60.0, 1, 0, (1.0,))

Said = Mapping[str, tuple[int, int]]  # labelled and wrong, by source


def counts(requests: int, said: Said) -> Counts:
    found = Counts(requests=requests)
    for source, amounts in said.items():
        labelled, wrong = (MICRO * n for n in amounts)
        tallies = sources.tallies(source, labelled, wrong, {}) if source else {}
        found += Counts(labelled_micro=labelled, wrong_micro=wrong, tallies=tallies)
    return found


def weigh(stable: Said, candidate: Said, policy: RolloutPolicy = POLICY) -> Evidence:
    """30 windows of 900 requests to the stable release and 100 to the candidate."""
    arms = [
        [Window(60.0 * k, counts(requests, said)) for k in range(30)]
        for requests, said in ((900, stable), (100, candidate))
    ]
    return judge(arms[0], arms[1], policy, 0.0, (6, 7))


amounts = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda n: (max(n), min(n)))
said = st.fixed_dictionaries({"desk": amounts, "shop": amounts, REST: amounts})


@given(said)
def test_each_source_is_read_back_and_the_rest_is_what_nobody_claims(said: Said) -> None:
    """So labels from before sources were told apart are a rest, and need no rewriting."""
    found = counts(100, said)
    for source, (labelled, wrong) in said.items():
        own = labels_of(source, found, APART)
        assert (own.labelled_micro, own.wrong_micro) == (labelled * MICRO, wrong * MICRO)


@given(said, st.sets(st.sampled_from(APART)))
def test_what_is_left_out_leaves_the_others_as_if_it_had_never_come(
    said: Said, out: set[str]
) -> None:
    whole = PairedWindow(0.0, counts(900, said), counts(100, said))
    (left,) = without(out, [whole], APART)
    kept = sum(n for source, (n, _) in said.items() if source not in out)
    assert left.stable.labelled_micro == left.candidate.labelled_micro == kept * MICRO


def test_errors_are_left_out_with_their_source() -> None:
    label = Label("A" * 22, 0, 4.0, 0.0, "shop")
    far = judged(ROWS, label, True, "shop")
    near = judged(ROWS, Label("A" * 22, 0, 1.5, 0.0, "desk"), True, "desk")
    both = sum(
        (Counts(1, labelled_micro=o.labelled_micro, tallies=o.tallies) for o in (far, near)),
        Counts(),
    )
    (left,) = without({"shop"}, [PairedWindow(0.0, both, both)], APART)
    scale = errors.Scale(errors.bin_of(0.5), 0.0)
    alone = Counts(1, labelled_micro=near.labelled_micro, tallies=near.tallies)
    assert scale.read(left.candidate) == scale.read(alone)


@given(st.sampled_from([True, False]))
def test_a_correction_takes_back_from_the_source_that_gave_the_label(numeric: bool) -> None:
    by = Counting("batch", lambda _: True)
    first = Label("A" * 22, 0, 3.0, 0.0, "shop")
    second = Label("A" * 22, 0, 1.0, 1.0, "desk")
    old = accept(None, first, judged(ROWS, first, numeric, "shop"), by)
    new = accept(old.write, second, judged(ROWS, second, numeric, "desk"), by)
    moved = [deltas("fraud", step.accepted) for step in (old, new)]
    found = total(Window(0.0, c) for delta in moved for c in delta.values())
    assert labels_of("shop", found, APART).labelled_micro == 0
    assert labels_of("shop", found, APART).wrong_micro == 0
    assert labels_of("desk", found, APART).labelled_micro == MICRO
    assert labels_of(REST, found, APART).labelled_micro == 0


def test_one_source_is_not_told_apart_and_many_are_bounded() -> None:
    assert told_apart(RolloutPolicy(label_sources=("desk",))) == ()
    many = RolloutPolicy(label_sources=tuple(f"s{k}" for k in range(40)))
    assert len(told_apart(many)) == sources.MAX_SOURCES + 1


PICKED = {
    "stable": (450, 45),
    "candidate": (10, 5),
}  # most right answers of the candidate unlabelled


@pytest.mark.parametrize(("wrong", "verdict"), [(0, Verdict.NOT_WORSE), (15, Verdict.WORSE)])
def test_a_source_that_picks_is_left_out_and_the_others_decide(
    wrong: int, verdict: Verdict
) -> None:
    found = weigh(
        {"desk": (270, 27), "shop": PICKED["stable"]},
        {"desk": (30, wrong), "shop": PICKED["candidate"]},
    )
    assert found.left_out == ("shop",)
    assert [g.verdict for g in found.guards] == [verdict]
    assert found.candidate_labels == 30 * 30


def test_what_decides_is_what_would_without_the_source_that_picks() -> None:
    desk = (270, 27), (30, 9)
    alone = weigh({"desk": desk[0]}, {"desk": desk[1]})
    found = weigh(
        {"desk": desk[0], "shop": PICKED["stable"]}, {"desk": desk[1], "shop": PICKED["candidate"]}
    )
    assert (found.log_e, found.guards) == (alone.log_e, alone.guards)


def test_where_all_pick_nothing_decides() -> None:
    found = weigh(
        {"desk": PICKED["stable"], "shop": PICKED["stable"]},
        {"desk": PICKED["candidate"], "shop": PICKED["candidate"]},
    )
    assert found.left_out == ("desk", "shop")
    assert [g.verdict for g in found.guards] == [Verdict.INCONCLUSIVE]
    assert found.log_e == 0


def test_sources_that_only_seem_alike_together_decide_nothing() -> None:
    """Each picks in another direction."""
    found = weigh(
        {"desk": (400, 40), "shop": (100, 10)},
        {"desk": (11, 9), "shop": (44, 13)},
    )
    assert found.left_out == ("desk", "shop")
    assert found.worst is None


@given(st.integers(0, 30), st.integers(0, 270))
def test_whether_a_source_is_left_out_no_other_sources_outcomes_tell(
    ours: int, theirs: int
) -> None:
    found = weigh(
        {"desk": (270, theirs), "shop": PICKED["stable"]},
        {"desk": (30, ours), "shop": PICKED["candidate"]},
    )
    assert "shop" in found.left_out


def test_labels_from_before_sources_were_told_apart_decide_as_ever() -> None:
    found = weigh({REST: (270, 27)}, {REST: (30, 15)})
    assert found.left_out == ()
    assert found.worst is not None


def test_who_was_left_out_is_told_and_kept_in_the_record() -> None:
    found = weigh(
        {"desk": (270, 27), "shop": PICKED["stable"]},
        {"desk": (30, 15), "shop": PICKED["candidate"]},
    )
    written = json.loads(json.dumps(found.to_json()))
    assert Evidence.from_json(written) == found
    assert [*evidence_lines(found)][-1] == (
        "left out: labels of shop cover the two releases unequally"
    )
    del written["left_out"]  # as an older Ladle wrote it
    assert Evidence.from_json(written).left_out == ()


def test_labels_are_counted_for_the_entry_that_names_their_caller(tmp_path: Path) -> None:
    """Whatever session a role was assumed for."""
    ports = Intake(
        DiskCounterStore(tmp_path), DiskPredictionLog(tmp_path), DiskLabelStore(tmp_path)
    )
    ports.predictions.add(ROWS, 1e9)
    session = "arn:aws:sts::111122223333:assumed-role/shop/anna"
    take_labels(ports, "fraud", POLICY, session, [NewLabel("A" * 22, 0, 1)], 60.0)
    (window,) = ports.counters.read("fraud", 7, 0.0)
    assert labels_of("shop", window.counts, APART).labelled_micro == MICRO
    assert labels_of("desk", window.counts, APART) == Counts()
