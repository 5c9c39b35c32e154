"""What leaves a server of inputs and outputs is what its config lets be known, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.watching.test_watched import delivered

from ladle.actions.take_labels import Intake
from ladle.catalog import Treatment
from ladle.disk.clock import SystemClock
from ladle.ports import ReleaseLedger
from ladle.quality.line_keys import line_key
from ladle.quality.lines import MAX_CAPTURED_BYTES, CapturedRows, RequestLine, format_request, parse
from ladle_runtime.collector.handler import Collector
from ladle_runtime.serving.capture import Capture
from ladle_runtime.serving.codecs.formats import REST
from ladle_runtime.serving.events import DirectLog
from ladle_runtime.serving.predictions import Run
from ladle_runtime.serving.service import Asked, load_service
from ladle_runtime.serving.settings import Settings

KEY = line_key(b"master", "fraud")
REQUEST, AT = "A" * 22, 1_790_000_000.0
DROP, HASH, KEEP = Treatment.DROP, Treatment.HASH, Treatment.KEEP


@dataclass
class Server:
    """One that was told what to capture."""

    classify: Mapping[str, str]
    key: bytes = KEY
    model: str = "fraud"
    printed: list[str] = field(default_factory=list)

    def answered(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any], rows: int) -> None:
        spec = {"type": "generic", "backend": "onnx", "key": "$.y", "window_s": 60, "threads": 1}
        told = Settings.from_environment(
            {
                "LADLE_MODEL": self.model,
                "LADLE_MODEL_FILE": "model.onnx",
                "LADLE_RELEASE": "8",
                "LADLE_LOG_KEY": self.key.hex(),
                "LADLE_SPEC": json.dumps({**spec, "capture": self.classify}),
            }
        )
        capture = Capture(told, self.printed.append)
        capture.add(REQUEST, AT, inputs, Run(outputs, rows, "generic").all())

    @property
    def lines(self) -> list[str]:
        return "".join(self.printed).splitlines()

    def rows(self) -> list[Any]:
        read = [parse(line, self.key) for line in self.lines]
        captured = [line for line in read if isinstance(line, CapturedRows)]
        assert len(captured) == len(read)
        assert [r.first_row for r in captured] == [
            sum(len(before.rows) for before in captured[:k]) for k in range(len(captured))
        ]
        return [row for line in captured for row in line.rows]


def text(values: Sequence[str]) -> Any:
    return np.array(values, dtype=object)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
secrets = st.integers(10**17, 10**18 - 1).map(str)


@given(
    fields=st.dictionaries(names, st.tuples(st.sampled_from([*Treatment, None]), secrets)),
    is_number=st.booleans(),
    rows=st.integers(1, 3),
)
def test_a_value_that_is_dropped_or_hashed_is_in_no_byte_that_is_printed(
    fields: dict[str, tuple[Treatment | None, str]], is_number: bool, rows: int
) -> None:
    server = Server({name: how for name, (how, _) in fields.items() if how})
    values = {
        name: np.array([int(v)] * rows) if is_number else text([v] * rows)
        for name, (_, v) in fields.items()
    }
    server.answered(values, {**values, "y": np.zeros(rows)}, rows)
    printed = "".join(server.printed)
    for how, value in fields.values():
        kept = how is KEEP or value in [v for h, v in fields.values() if h is KEEP]
        assert (value in printed) == kept
    for row in server.rows():
        named = {name for name, (how, _) in fields.items() if how in (HASH, KEEP)}
        assert row["in"].keys() == row["out"].keys() == named


@given(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_a_field_is_called_and_holds_is_read_back_from_one_line_of_ascii(
    name: str, value: str
) -> None:
    server = Server({name: KEEP})
    server.answered({name: text([value])}, {"y": np.zeros(1)}, 1)
    assert len(server.lines) == len(server.printed) == 1
    assert server.printed[0].isascii()
    assert server.rows() == [{"in": {name: value}, "out": {}}]


@given(secrets, secrets)
def test_a_hash_is_stable_for_a_model_and_tells_nothing_to_another(one: str, other: str) -> None:
    def hashed(value: str, key: bytes = KEY, name: str = "who") -> str:
        server = Server({name: HASH}, key)
        server.answered({name: text([value])}, {"y": np.zeros(1)}, 1)
        (row,) = server.rows()
        told: str = row["in"][name]
        return told

    assert hashed(one) == hashed(one)
    assert (hashed(one) == hashed(other)) == (one == other)
    assert hashed(one) != hashed(one, line_key(b"master", "other"))
    assert hashed(one) != hashed(one, name="whom")


def test_rows_have_what_they_were_asked_and_answered() -> None:
    server = Server({"x": KEEP, "limit": KEEP, "score": KEEP})
    x = np.array([[0.9, 2.0], [np.nan, -1.5]], np.float32)
    server.answered({"x": x, "limit": np.float32(3)}, {"score": np.array([0.25, 0.5])}, 2)
    assert server.rows() == [
        {"in": {"x": [0.9, 2.0], "limit": 3.0}, "out": {"score": 0.25}},
        {"in": {"x": [None, -1.5]}, "out": {"score": 0.5}},  # what they share stands in the first
    ]


@settings(max_examples=20)
@given(st.lists(st.integers(1, 40_000), min_size=1, max_size=8))
def test_a_row_that_no_line_holds_is_left_out_and_the_others_are_not(sizes: list[int]) -> None:
    server = Server({"x": KEEP})
    values = ["v" * size for size in sizes]
    server.answered({"x": text(values)}, {"y": np.zeros(len(sizes))}, len(sizes))
    assert all(len(line) <= MAX_CAPTURED_BYTES for line in server.lines)
    told = server.rows()
    assert len(told) == len(sizes)
    for row, value in zip(told, values, strict=True):
        assert row == (None if len(value) > 14_650 else {"in": {"x": value}, "out": {}})


def test_a_row_that_has_no_json_is_left_out() -> None:
    server = Server({"x": KEEP})
    server.answered({"x": text(["fine", "half \ud800"])}, {"y": np.zeros(2)}, 2)
    assert server.rows() == [{"in": {"x": "fine"}, "out": {}}, None]


def test_what_cannot_be_captured_breaks_no_answer() -> None:
    def broken(_: str) -> None:
        raise ValueError("I/O operation on closed file")

    settings_ = Settings.from_environment(
        {
            "LADLE_MODEL": "fraud",
            "LADLE_MODEL_FILE": "model.onnx",
            "LADLE_SPEC": '{"type":"generic","backend":"onnx","key":"$.y","window_s":1,"threads":1,'
            '"capture":{"x":"keep"}}',
        }
    )
    Capture(settings_, broken).add(REQUEST, AT, {"x": np.zeros(1)}, Run({}, 1, "").all())


def serving(environment: Mapping[str, str], classify: Mapping[str, str], **more: str) -> Settings:
    spec = json.dumps({**json.loads(environment["LADLE_SPEC"]), "capture": classify})
    return Settings.from_environment({**environment, "LADLE_SPEC": spec, **more})


BODY = b'{"inputs": [[1, 2, 3, 4], [5, 6, 7, 8]]}'


def test_a_request_of_a_released_model_leaves_its_rows_and_counts_once(
    environment: Mapping[str, str],
    intake: Intake,
    ledger: ReleaseLedger,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """From the caller's bytes to the collector: no table knows what was captured."""
    more = {"LADLE_RELEASE": "8", "LADLE_MODEL": "fraud", "LADLE_LOG_KEY": KEY.hex()}
    told = serving(environment, {"x": "keep", "label": "hash"}, **more)
    service = load_service(told, SystemClock(), DirectLog(KEY))
    assert service.answer(BODY, REST).status == 200
    assert service.answer(b"{}", REST).status == 422
    lines = capsys.readouterr().out.splitlines()
    captured = [line for each in lines if isinstance(line := parse(each, KEY), CapturedRows)]
    (rows,) = captured
    assert [row and row["in"] for row in rows.rows] == [{"x": [1, 2, 3, 4]}, {"x": [5, 6, 7, 8]}]
    assert [row and list(row["out"]) for row in rows.rows] == [["label"], ["label"]]
    collector = Collector(intake, ledger, lambda _: [KEY])
    counted = delivered(collector, lines)
    assert (counted["requests"], counted["forged"], counted["rows"]) == (2, 0, 0)
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    assert not any(b"[1.0,2.0,3.0,4.0]" in path.read_bytes() for path in kept)


def test_requests_that_share_a_run_leave_their_own_rows(
    environment: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = serving(environment, {"x": "keep", "label": "keep"}, LADLE_RELEASE="8")
    service = load_service(told, SystemClock(), DirectLog(told.log_key))
    bodies = [{"inputs": [[k, 0, 0, 0]] * k} for k in (1, 3, 2)]
    asked = [service.read(json.dumps(body).encode(), REST) for body in bodies]
    answers = service.complete_together([each for each in asked if isinstance(each, Asked)])
    printed = [parse(each, told.log_key) for each in capsys.readouterr().out.splitlines()]
    captured = [line for line in printed if isinstance(line, CapturedRows)]
    assert [len(line.rows) for line in captured] == [1, 3, 2]
    for body, answer, line in zip(bodies, answers, captured, strict=True):
        assert [row and row["in"]["x"] for row in line.rows] == body["inputs"]
        said = [each["label"] for each in json.loads(answer.body)["predictions"]]
        assert [row and row["out"]["label"] for row in line.rows] == said
    assert len({line.request_id for line in captured}) == 3


def test_a_captured_row_that_a_transform_prints_is_forged(
    intake: Intake, ledger: ReleaseLedger
) -> None:
    server = Server({"x": KEEP}, key=b"another's key")
    server.answered({"x": np.zeros(1)}, {"y": np.zeros(1)}, 1)
    counted = delivered(Collector(intake, ledger, lambda _: [KEY]), server.lines)
    assert (counted["requests"], counted["forged"]) == (0, 1)


@pytest.mark.parametrize(
    ("classify", "more"),
    [({}, {"LADLE_RELEASE": "8"}), ({"x": "keep"}, {}), ({"x": "keep"}, {"LADLE_LOG_KEY": ""})],
    ids=["not asked for", "on a laptop", "without a key"],
)
def test_nothing_is_captured(
    environment: Mapping[str, str],
    classify: Mapping[str, str],
    more: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = serving(environment, classify, **{"LADLE_RELEASE": "0", **more})
    service = load_service(told, SystemClock(), DirectLog(told.log_key))
    assert service.answer(BODY, REST).status == 200
    assert '{"ladle":4' not in capsys.readouterr().out


def test_a_request_line_is_no_captured_row() -> None:
    line = RequestLine("fraud", 8, REQUEST, AT, "ok", 200, 1.0, 1, False, 60.0)  # type: ignore[arg-type]
    assert not isinstance(parse(format_request(line, KEY), KEY), CapturedRows)
