"""What a config asks for beside serving: a dashboard, traces, a budget, an alarm on silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.synth.repository import (
    MODEL,
    MORE,
    SPANS,
    Synth,
    Template,
    one,
    resources,
    synthesize,
    text,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    return synthesize(tmp_path_factory.mktemp("watched"), root, {"watched": MORE["watched"]})


@pytest.fixture
def watched(made: Synth) -> Template:
    return made.model("watched")


def test_a_dashboard_finds_releases_by_search_since_no_template_knows_their_numbers(
    watched: Template,
) -> None:
    found = one(watched, "AWS::CloudWatch::Dashboard")["Properties"]
    widgets = json.loads(text(found["DashboardBody"]))["widgets"]
    searched = [
        m["expression"] for w in widgets for row in w["properties"].get("metrics", []) for m in row
    ]
    for metric in ("Invocations", "Errors", "Duration"):
        [by_release] = [s for s in searched if f'MetricName="{metric}"' in s]
        assert "ExecutedVersion" in by_release
    assert any("{Ladle,Model}" in s for s in searched)
    places = [(w["x"], w["y"]) for w in widgets]
    assert len(set(places)) == len(places), "no widget lies over another"


def test_a_budget_counts_this_models_tag_and_tells_before_it_is_spent(watched: Template) -> None:
    budget = one(watched, "AWS::Budgets::Budget")["Properties"]
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 25, "Unit": "USD"}
    assert budget["Budget"]["CostFilters"] == {"TagKeyValue": ["user:ladle:model$watched"]}
    told = [
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
        for n in budget["NotificationsWithSubscribers"]
    ]
    assert told == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    who = {s["Address"] for n in budget["NotificationsWithSubscribers"] for s in n["Subscribers"]}
    assert who == {"ada@example.com"}


def test_where_nobody_is_billed_there_is_no_budget(tmp_path: Path, root: Path) -> None:
    text_ = MORE["watched"].replace("packaging: image", "packaging: zip")
    embedded = synthesize(tmp_path, root, {"watched": text_}, embedded=True).model("watched")
    assert not resources(embedded, "AWS::Budgets::Budget")
    assert one(embedded, "AWS::CloudWatch::Dashboard")


def test_silence_for_the_whole_span_rings_the_idle_alarm(watched: Template) -> None:
    alarms = resources(watched, "AWS::CloudWatch::Alarm").values()
    [idle] = [a["Properties"] for a in alarms if a["Properties"]["AlarmName"].endswith("-idle")]
    assert idle["TreatMissingData"] == "breaching"
    assert idle["Period"] * idle["EvaluationPeriods"] == 24 * 3600
    assert idle["DatapointsToAlarm"] == idle["EvaluationPeriods"]
    assert [text(a).rpartition(":")[2] for a in idle["AlarmActions"]] == ["ladle-alarms"]


def test_spans_of_its_own_ask_nothing_of_the_platform(tmp_path: Path, root: Path) -> None:
    """Neither X-Ray's switch nor its permissions: the process sends them."""
    text_ = MODEL + SPANS + "packaging: image\n"
    made = synthesize(tmp_path, root, {"sending": text_}).model("sending")
    function = made["Resources"]["Function"]["Properties"]
    assert "TracingConfig" not in function
    variables = function["Environment"]["Variables"]
    assert json.loads(variables["LADLE_SPEC"])["tracing"] == "otlp"
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://collector.example.com"
    assert "xray" not in json.dumps(made)


def test_a_trace_begins_at_the_door_and_goes_on_in_the_function(watched: Template) -> None:
    function = watched["Resources"]["Function"]["Properties"]
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert one(watched, "AWS::ApiGateway::Stage")["Properties"]["TracingEnabled"] is True
