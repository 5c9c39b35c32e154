"""What a model's log comes to hold is said before it does, costs what it weighs, and makes a release."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.unit.planning.specs import config_of, spec_of

from ladle.catalog import Target
from ladle.errors import LadleError
from ladle.experiments.signature import Signature, TensorSpec
from ladle.planning.captured import captured, captured_bytes, unnamed
from ladle.planning.cost import MONTH_S, lines
from ladle.planning.digests import release_content
from ladle.planning.prices import prices
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import serving_json
from ladle.planning.usage import Usage
from ladle_runtime.serving.capture import Capture
from ladle_runtime.serving.predictions import Run
from ladle_runtime.serving.settings import Settings

BARE = "name: fraud\nmodel: model.onnx\ntype: classification\n"
ON = "capture: {enabled: true, classify: {amount: keep, customer: hash}}\n"
SIGNATURE = Signature(
    (
        TensorSpec("amount", "float", (None, 1)),
        TensorSpec("customer", "string", (None, 1)),
        TensorSpec("age", "float", (None, 1)),
    ),
    (TensorSpec("scores", "float", (None, 2)),),
)


def fraud(more: str, text: str = BARE) -> ServiceSpec:
    return spec_of(text + more, signature=SIGNATURE)


def test_what_is_not_named_is_dropped_and_the_plan_says_so() -> None:
    found = captured(fraud(ON + "logs: {retention: 7d}\n"))
    assert found is not None
    assert (found.kept, found.hashed) == (("amount",), ("customer",))
    assert found.dropped == ("age", "scores", "label")
    first, second = found.sentences
    assert first == "keeps amount; hashes customer; drops age, scores and label"
    assert second.startswith("in the log /ladle/fraud, encrypted by CloudWatch, for 7 days")


@pytest.mark.parametrize("target", [t for t in Target if t is not Target.AUTO])
def test_the_log_is_that_of_the_target(target: Target) -> None:
    found = captured(fraud(f"{ON}target: {target}\n"))
    assert found is not None
    assert "fraud" in found.log_group
    assert json.loads(serving_json(fraud(f"{ON}target: {target}\n")))["capture"] == {
        "amount": "keep",
        "customer": "hash",
    }


def test_behind_a_transform_more_may_come_and_is_dropped() -> None:
    found = captured(fraud(ON.replace("customer", "postcode") + "transform: steps.py\n"))
    assert found is not None
    assert next(iter(found.sentences)).endswith(
        "label and whatever else the transform takes or answers"
    )


def test_a_name_that_is_no_field_is_refused_with_the_nearest() -> None:
    with pytest.raises(LadleError, match=r"LD151.*did you mean .customer.") as error:
        fraud(ON.replace("customer", "custommer"))
    assert error.value.finding.fix == "its fields: amount, customer, age, scores, label"


def test_what_is_dropped_on_purpose_is_not_told_as_forgotten() -> None:
    more = "capture: {enabled: true, classify: {amount: keep, age: drop, label: drop}}\n"
    assert unnamed(config_of(BARE + more), SIGNATURE) == ("customer", "scores")


@pytest.mark.parametrize(
    "off",
    [
        "",
        "capture: {enabled: false}\n",
        "capture: {enabled: false, classify: {amount: keep, nobody: hash}}\n",
    ],
)
def test_where_it_is_off_nothing_knows_of_it(off: str) -> None:
    spec = fraud(off)
    assert captured(spec) is None
    assert captured_bytes(spec) == 0
    assert "capture" not in json.loads(serving_json(spec))
    assert release_content(spec)["capture"] == {}
    assert spec.release_digest == fraud("").release_digest


def test_what_is_captured_makes_another_release_and_what_is_dropped_does_not() -> None:
    on = fraud(ON).release_digest
    assert on != fraud("").release_digest
    assert on != fraud(ON.replace("hash", "keep")).release_digest
    assert on == fraud(ON.replace("amount: keep", "amount: keep, age: drop")).release_digest


def test_its_cost_is_that_of_log_lines_as_long_as_those_that_a_server_prints() -> None:
    spec, printed = fraud(ON), list[str]()
    told = Settings.from_environment(
        {
            "LADLE_MODEL": "fraud",
            "LADLE_MODEL_FILE": "model.onnx",
            "LADLE_RELEASE": "8",
            "LADLE_LOG_KEY": "00" * 32,
            "LADLE_SPEC": serving_json(spec),
        }
    )
    inputs: dict[str, Any] = {
        "amount": np.array([[1234.56]], np.float32),
        "customer": np.array([["C-1234567"]], object),
        "age": np.array([[40.0]], np.float32),
    }
    scores = {"scores": np.array([[0.5, 0.5]], np.float32)}
    answered = Run(scores, 1, "classification").all()
    Capture(told, printed.append).add("A" * 22, 1_790_000_000.0, inputs, answered)
    guessed, printed_bytes = captured_bytes(spec), len("".join(printed))
    assert 0.8 < guessed / printed_bytes < 1.25
    second = Usage(requests_per_s=1.0, answer_ms=1.0, peak_per_s=1.0)
    usd = {row.what: row.usd for row in lines(spec, second, MONTH_S, prices())}
    assert usd["captured rows"] == pytest.approx(MONTH_S * guessed / 1e9 * 0.50)
    without = {row.what: row.usd for row in lines(fraud(""), second, MONTH_S, prices())}
    assert "captured rows" not in without
    assert usd["lines that are kept"] > without["lines that are kept"]


def test_a_field_may_be_called_anything_and_rings_no_terminals_bell() -> None:
    signature = Signature((TensorSpec("x\x1b[2J\n", "float", (None,)),), ())
    more = 'capture: {enabled: true, classify: {"x\\e[2J\\n": keep}}\n'
    found = captured(spec_of(BARE + more, signature=signature))
    assert found is not None
    assert found.kept == ("x\x1b[2J\n",)
    assert all(sentence.isprintable() for sentence in found.sentences)
    with pytest.raises(LadleError, match="LD151") as error:
        spec_of(BARE + more.replace("x", "y"), signature=signature)
    assert error.value.finding.what.isprintable()
    assert error.value.finding.fix.isprintable()
