"""A file in the store is its writer's word: taken where that counts, logged in either case."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, BinaryIO

import pytest

from ladle.actions.take_labels import Intake
from ladle.errors import Unavailable
from ladle.ports import Clock, ReleaseLedger
from ladle.quality.labels import AcceptedLabel, PredictionRows
from ladle_runtime.labels.files import FileIntake, LaidFile, laid_files, take_files

AT = 1_790_000_000.0
REQUEST = "A" * 22
ROWS = PredictionRows("fraud", REQUEST, 8, AT, 2, 0, ("cat", "dog"))
GOOD = f"prediction_id,label\n{REQUEST}.0,cat\n{REQUEST}.1,cat\n,\n"


def event(key: str, writer: str = "AWS:AROALABELLER:nightly-job") -> Mapping[str, Any]:
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": writer},
                "s3": {
                    "bucket": {"name": "a-store"},
                    "object": {"key": key, "versionId": "v1"},
                },
            }
        ]
    }


@pytest.fixture
def ports(intake: Intake, ledger: ReleaseLedger, clock: Clock) -> FileIntake:
    intake.predictions.add(ROWS, AT + 1e9)

    def open_file(bucket: str, key: str, version: str | None) -> BinaryIO:
        assert (bucket, version) == ("a-store", "v1")
        return io.BytesIO(GOOD.encode())

    return FileIntake(intake, ledger, clock, open_file)


LAID = LaidFile("fraud", "a-store", "labels/fraud/monday.csv", "v1", "labeller")


def test_an_event_names_model_file_version_and_writer() -> None:
    assert laid_files(event("labels/fraud/2026/a+b%C3%A9.csv")) == [
        LaidFile("fraud", "a-store", "labels/fraud/2026/a bé.csv", "v1", "AROALABELLER")
    ]


@pytest.mark.parametrize("key", ["labels/fraud", "labels/fraud/", "b/sha256/00", "labels.csv"])
def test_what_is_no_models_file_is_passed_over(key: str) -> None:
    assert laid_files(event(key)) == []


def test_events_of_doors_are_none_of_files() -> None:
    assert laid_files({"model": "fraud", "labels": []}) == []
    assert laid_files({"Records": [{"eventSource": "aws:sqs"}]}) == []


def test_labels_of_a_file_are_counted_and_what_is_none_is_named(ports: FileIntake) -> None:
    (result,) = take_files(ports, [LAID])
    assert (result["rows"], result["accepted"], result["refused"]) == (3, 2, {"LD602": 1})
    (window,) = ports.intake.counters.read("fraud", 8, 0.0)
    assert (window.counts.labelled_micro, window.counts.wrong_micro) == (1_000_000, 500_000)


def test_the_event_twice_counts_once(ports: FileIntake) -> None:
    take_files(ports, [LAID])
    (again,) = take_files(ports, [LAID])
    assert (again["accepted"], again["repeated"]) == (0, 2)
    (window,) = ports.intake.counters.read("fraud", 8, 0.0)
    assert window.counts.labelled_micro == 1_000_000


@pytest.mark.parametrize("source", ["AROASOMEBODY", ""])
def test_a_writer_who_is_no_source_changes_nothing(ports: FileIntake, source: str) -> None:
    (result,) = take_files(ports, [replace(LAID, source=source)])
    assert (result["code"], result["rows"]) == ("LD601", 0)
    assert ports.intake.counters.read("fraud", 8, 0.0) == []


def test_what_is_no_table_is_said_and_not_tried_again(ports: FileIntake) -> None:
    (result,) = take_files(ports, [replace(LAID, key="labels/fraud/notes.txt")])
    assert result["code"] == "LD613"


def test_a_file_that_is_too_long_counts_as_far_as_it_went(ports: FileIntake) -> None:
    long = "prediction_id,label\n" + f"{REQUEST}.0,cat\n" * 100_001

    def open_file(bucket: str, key: str, version: str | None) -> BinaryIO:
        return io.BytesIO(long.encode())

    class Nothing:
        """A store to which every label is known."""

        def accept(self, *_: object) -> Any:
            return AcceptedLabel(0, None, None, counts=False, new=False)

    quick = replace(ports, open=open_file, intake=replace(ports.intake, labels=Nothing()))
    (result,) = take_files(quick, [LAID])
    assert (result["code"], result["rows"]) == ("LD615", 100_000)


def test_a_table_that_is_busy_makes_the_event_come_again(ports: FileIntake) -> None:
    class Busy:
        def accept(self, *_: object) -> Any:
            raise Unavailable("LD314", "AWS was too busy", "try again")

    busy = replace(ports, intake=replace(ports.intake, labels=Busy()))
    with pytest.raises(Unavailable):
        take_files(busy, [LAID])
