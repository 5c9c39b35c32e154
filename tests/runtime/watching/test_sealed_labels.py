"""Labels of sealed predictions: nothing is looked up, and nothing that we did not seal is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ladle.actions.sealed_predictions import SealedPredictions
from ladle.actions.take_labels import Intake
from ladle.ports import Clock, ReleaseLedger
from ladle.quality.labels import LabelValue, PredictionRows
from ladle.quality.line_keys import line_key
from ladle.quality.sealed_id import Sealer, seal_key
from ladle_runtime.labels.handler import LabelIntake, answer

AT = 1_790_000_000.0
DAY_S = 86_400.0
DRAWN = b"8 random"


class NothingKept:
    """A table that nobody may ask."""

    def add(self, rows: PredictionRows, expires_at: float) -> None:
        raise AssertionError("a sealed prediction was written")

    def find(self, model: str, request_id: str, row: int) -> PredictionRows | None:
        raise AssertionError("a sealed prediction was looked up")


def keys_of(model: str) -> Sequence[bytes]:
    return [seal_key(line_key(master, model)) for master in (b"master", b"the one before")]


@pytest.fixture
def label_intake(intake: Intake, ledger: ReleaseLedger, clock: Clock) -> LabelIntake:
    sealed = replace(intake, predictions=SealedPredictions(NothingKept(), keys_of))
    return LabelIntake(sealed, ledger, clock)


def ids(
    *outcomes: LabelValue, master: bytes = b"master", model: str = "fraud", at: float = AT
) -> list[str]:
    return Sealer(seal_key(line_key(master, model)), 8, 5.0).seal(outcomes, at, DRAWN)


def sent(label_intake: LabelIntake, *labels: tuple[str, LabelValue]) -> tuple[int, dict[str, Any]]:
    body = [{"prediction_id": id_, "label": value} for id_, value in labels]
    answered = answer(label_intake, {"model": "fraud", "source": "labeller", "labels": body})
    return answered["statusCode"], json.loads(answered["body"])


def counted(label_intake: LabelIntake, release: int = 8) -> Mapping[float, tuple[int, int]]:
    windows = label_intake.intake.counters.read("fraud", release, 0.0)
    return {w.start: (w.counts.labelled_micro, w.counts.wrong_micro) for w in windows}


def test_a_label_is_judged_by_its_id_and_counted_in_the_window_of_the_prediction(
    label_intake: LabelIntake,
) -> None:
    cat, dog = ids("cat", "dog", at=AT - 7 * DAY_S + 3)
    status, said = sent(label_intake, (cat, "cat"), (dog, "cat"))
    assert (status, said["accepted"], said["waiting"]) == (202, 2, 0)
    assert counted(label_intake) == {AT - 7 * DAY_S: (1_000_000, 500_000)}


def test_the_same_label_twice_counts_once_and_a_correction_takes_back(
    label_intake: LabelIntake,
) -> None:
    (id_,) = ids(1)
    sent(label_intake, (id_, 0))
    assert sent(label_intake, (id_, 0))[1]["repeated"] == 1
    label_intake.clock.sleep(1)
    sent(label_intake, (id_, 1))
    assert counted(label_intake) == {AT: (1_000_000, 0)}


def test_a_label_of_a_release_that_serves_no_more_counts_for_it(label_intake: LabelIntake) -> None:
    (id_,) = Sealer(keys_of("fraud")[0], 3, 5.0).seal([1], AT, DRAWN)
    assert sent(label_intake, (id_, 0))[0] == 202
    assert counted(label_intake, release=3) == {AT: (1_000_000, 1_000_000)}
    assert counted(label_intake) == {}


def test_an_id_of_the_key_before_still_counts(label_intake: LabelIntake) -> None:
    assert sent(label_intake, (ids(1, master=b"the one before")[0], 1))[0] == 202


@pytest.mark.parametrize(
    "id_",
    [
        "A" * 43,
        "A" * 48,
        ids(1, model="spam")[0],
        ids(1, master=b"somebody else's")[0],
        ids(1)[0][:-1] + "_",
    ],
)
def test_an_id_that_the_model_never_gave_out_is_refused_by_name(
    label_intake: LabelIntake, id_: str
) -> None:
    status, said = sent(label_intake, (id_, 1))
    assert (status, said["code"]) == (422, "LD607")
    assert counted(label_intake) == {}


def test_an_id_older_than_labels_are_accepted_for_is_refused(label_intake: LabelIntake) -> None:
    (old,) = ids(1, at=AT - 31 * DAY_S)
    status, said = sent(label_intake, (old, 1))
    assert (status, said["code"]) == (410, "LD608")


def test_what_is_refused_of_a_list_is_named_and_the_rest_counts(label_intake: LabelIntake) -> None:
    (good,), (old,) = ids(1), ids(1, at=AT - 31 * DAY_S)
    status, said = sent(label_intake, (good, 1), (old, 1), ("A" * 43, 1))
    assert (status, said["accepted"]) == (202, 1)
    assert [(r["prediction_id"], r["code"]) for r in said["refused"]] == [
        (old, "LD608"),
        ("A" * 43, "LD607"),
    ]
