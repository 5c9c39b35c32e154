"""An event says whom to look at, a policy how soon to look again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ladle import names
from ladle.testing.releases import canary_story, stable_story
from ladle_runtime.controller.cadence import pause_after
from ladle_runtime.controller.translate import idle_models, models_to_look_at


def _alarm(name: str, **attributes: Any) -> dict[str, Any]:
    message = json.dumps({"AlarmName": name, "NewStateValue": "ALARM"})
    return {"EventSource": "aws:sns", "Sns": {"Message": message, "MessageAttributes": attributes}}


def _item(sort_key: str, partition: str = "MODEL#fraud") -> dict[str, Any]:
    keys = {"pk": {"S": partition}, "sk": {"S": sort_key}}
    return {"eventSource": "aws:dynamodb", "dynamodb": {"Keys": keys}}


def test_the_one_minute_rule_asks_for_all_models() -> None:
    assert models_to_look_at({"source": "aws.events", "detail-type": "Scheduled Event"}) is None


@pytest.mark.parametrize("model", ["fraud", "fraud-errors", "a-evidence-b"])
def test_an_alarm_names_its_model(model: str) -> None:
    for alarm in (names.evidence_alarm(model), names.native_alarm(model, 12)):
        assert models_to_look_at({"Records": [_alarm(alarm)]}) == (model,)


def test_an_idle_alarm_names_whom_to_tell_about_and_nobody_to_judge() -> None:
    event = {"Records": [_alarm(names.idle_alarm("fraud")), _alarm(names.evidence_alarm("churn"))]}
    assert list(idle_models(event)) == ["fraud"]
    assert models_to_look_at(event) == ("churn",)


def test_a_message_in_the_inbox_names_its_model_once() -> None:
    event = {"Records": [_item("INBOX#a"), _item("INBOX#b"), _item("STATE")]}
    assert models_to_look_at(event) == ("fraud",)


@pytest.mark.parametrize(
    "record",
    [
        _alarm("somebody-elses-alarm"),
        _alarm(names.evidence_alarm("fraud"), **{names.NOTICE_ATTRIBUTE: {"Value": "fraud"}}),
        {"EventSource": "aws:sns", "Sns": {"Message": "a sentence for people"}},
        _item("STATE"),
        _item("R#000000000001"),
    ],
)
def test_what_is_no_reason_to_look_is_passed_over(record: dict[str, Any]) -> None:
    assert models_to_look_at({"Records": [record]}) == ()


def test_short_timers_are_looked_at_each_second_while_something_is_tried() -> None:
    assert pause_after(canary_story(bake_s=20.0).state) == 1.0
    assert pause_after(canary_story(bake_s=3600.0).state) == 60.0
    assert pause_after(stable_story().state) == 60.0
