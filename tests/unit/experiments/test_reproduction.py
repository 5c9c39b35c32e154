"""The verdict on a run and the same run again: what may differ, what may not, and when nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.experiments.made import artefact, data, manifest

from ladle.experiments.manifest import Environment, Manifest
from ladle.experiments.reproduction import Verdict, judged, obstacles

FIRST = manifest(
    data=(data("train.csv"),),
    metrics={"accuracy": 0.95, "loss": 0.2},
    tolerance={"accuracy": 0.01},
    artefact=artefact("weights"),
    outputs=(data("told.csv"),),
)
FINITE = st.floats(-1e6, 1e6)


def verdict(again: Manifest) -> Verdict:
    return judged(FIRST, again).verdict


def test_the_same_again_is_identical_whenever_it_ran_and_wherever() -> None:
    again = replace(
        FIRST,
        created_at="",
        previous="b" * 64,
        actor="Bo",
        environment=Environment("3.12.1", "linux", data("other").digest, {"numpy": "2"}),
    )
    found = judged(FIRST, again)
    assert (found.verdict, found.reasons) == (Verdict.IDENTICAL, ())
    assert [c.name for c in found.environment] == ["package numpy", "python"]


@given(FINITE, FINITE, st.floats(0, 1e6))
def test_a_metric_holds_within_its_tolerance_and_not_beyond(
    before: float, after: float, allowed: float
) -> None:
    first = manifest(metrics={"m": before}, tolerance={"m": allowed})
    found = judged(first, manifest(metrics={"m": after}, tolerance={"m": allowed})).verdict
    if before == after:
        assert found is Verdict.IDENTICAL
    else:
        assert found is (Verdict.WITHIN if abs(after - before) <= allowed else Verdict.DIFFERS)


def test_a_metric_without_a_tolerance_must_be_the_same() -> None:
    found = judged(FIRST, replace(FIRST, metrics={"accuracy": 0.95, "loss": 0.2000001}))
    assert found.verdict is Verdict.DIFFERS
    assert found.reasons == ("loss was 0.2, is 0.2000001; no tolerance was stated",)


def test_other_bytes_of_a_model_are_told_and_forgiven_where_the_metrics_hold() -> None:
    found = judged(FIRST, replace(FIRST, artefact=artefact("other")))
    assert found.verdict is Verdict.WITHIN
    assert found.reasons == ("model model.onnx has other bytes, but every metric holds",)


def test_other_bytes_of_a_model_without_metrics_are_different() -> None:
    first = manifest(artefact=artefact("weights"))
    assert judged(first, manifest(artefact=artefact("other"))).verdict is Verdict.DIFFERS


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"data": (data("train.csv", "x"),)}, "data train.csv has other bytes"),
        ({"data": ()}, "data train.csv is missing this time"),
        (
            {"outcome": "failed", "exit_status": 1},
            "the run succeeded, this time it failed, exit status 1",
        ),
        (
            {"metrics": {"accuracy": 0.95}},
            "loss was 0.2, is None; no tolerance was stated",
        ),
    ],
)
def test_what_a_tolerance_cannot_forgive(changes: dict[str, object], reason: str) -> None:
    found = judged(FIRST, replace(FIRST, **changes))  # type: ignore[arg-type]
    assert found.verdict is Verdict.DIFFERS
    assert reason in found.reasons


def test_a_run_that_said_nothing_cannot_be_judged() -> None:
    assert judged(manifest(), manifest()).verdict is Verdict.CANNOT


def test_what_is_not_known_stands_in_the_way() -> None:
    assert obstacles(FIRST) == []
    unknown = replace(FIRST.code, commit=None, argv=())
    assert len(obstacles(replace(FIRST, code=unknown, origin="dvc:repo"))) == 3
    secret = replace(FIRST.code, argv=("train", "--token", "***"))
    assert "secret" in obstacles(replace(FIRST, code=secret))[0]
