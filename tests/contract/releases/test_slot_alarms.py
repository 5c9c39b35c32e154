"""A slot's alarm speaks of the release that is in it now, by what came since it was filled."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from tests.contract.hand_off.test_ecs_versions import hand_over
from tests.contract.releases.ecs_router import PassingClock, versions_of
from tests.contract.releases.ecs_world import EcsWorld

from ladle import names
from ladle.aws.ecs_slots import EcsSlots
from ladle.aws.slot_alarms import FAILURES, REQUESTS, SlotAlarmReader, balancer_of
from ladle.ports import AlarmReading
from ladle_runtime.controller.translate import models_to_look_at

MODEL = "fraud"
NOW = 10_000.0
QUIET = AlarmReading(ringing=False, samples=0)


@dataclasses.dataclass
class Metrics:
    """CloudWatch with one alarm and counts by minute before ``NOW``; only what was asked for is told."""

    state: str = "ALARM"
    requests: dict[int, float] = dataclasses.field(default_factory=dict)
    failures: dict[int, float] = dataclasses.field(default_factory=dict)
    asked: list[dict[str, Any]] = dataclasses.field(default_factory=list)

    def describe_alarms(self, AlarmNames: list[str]) -> Any:  # noqa: N803 - AWS's name
        assert AlarmNames == [names.slot_alarm(MODEL, "a")]
        at = datetime.fromtimestamp(0, UTC)
        return {"MetricAlarms": [{"StateValue": self.state, "StateUpdatedTimestamp": at}]}

    def get_metric_statistics(self, **asked: Any) -> Any:
        self.asked.append(asked)
        counts = {REQUESTS: self.requests, FAILURES: self.failures}[asked["MetricName"]]
        points = (
            {"Timestamp": datetime.fromtimestamp(NOW - 60 * ago, UTC), "Sum": count}
            for ago, count in counts.items()
        )
        return {"Datapoints": [p for p in points if p["Timestamp"] >= asked["StartTime"]]}


class Then:
    def now(self) -> float:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing here waits {seconds} s")


def reading(metrics: Metrics, release: int = 1, filled_ago_s: float = 5000.0) -> AlarmReading:
    world: Any = EcsWorld(MODEL)
    hand_over(versions_of(world, PassingClock(world.pass_time)), f"{1:064x}")
    for service in world.services.values():
        service.since = datetime.fromtimestamp(NOW - filled_ago_s, UTC)
    return SlotAlarmReader(metrics, Then(), lambda _model: EcsSlots.of(world)).native(  # type: ignore[arg-type]
        MODEL, release
    )


def test_requests_of_the_failing_minutes_are_counted() -> None:
    metrics = Metrics(requests={1: 30, 2: 40, 3: 50}, failures={1: 30, 2: 20, 3: 5})
    assert reading(metrics) == AlarmReading(ringing=True, samples=70)
    dimensions = {d["Name"]: d["Value"] for d in metrics.asked[0]["Dimensions"]}
    assert dimensions == {"TargetGroup": "targetgroup/ladle-a/3", "LoadBalancer": "app/ladle/1"}


def test_an_alarm_of_the_slots_last_release_is_not_this_ones() -> None:
    metrics = Metrics(requests={5: 30}, failures={5: 30})
    assert reading(metrics, filled_ago_s=120) == QUIET


def test_a_quiet_alarm_counts_nothing() -> None:
    metrics = Metrics(state="OK", requests={1: 30}, failures={1: 30})
    assert reading(metrics) == QUIET
    assert metrics.asked == []


def test_a_release_without_traffic_has_no_alarm() -> None:
    assert reading(Metrics(requests={1: 30}, failures={1: 30}), release=2) == QUIET


def test_a_balancer_is_named_in_its_rule() -> None:
    rule = "arn:aws:elasticloadbalancing:eu-west-1:1:listener-rule/app/ladle/50dc/f2f7/9683"
    assert balancer_of(rule) == "app/ladle/50dc"


def test_a_slots_alarm_wakes_the_controller_for_its_model() -> None:
    message = f'{{"AlarmName": "{names.slot_alarm("fraud-eu", "b")}"}}'
    assert models_to_look_at({"Records": [{"Sns": {"Message": message}}]}) == ("fraud-eu",)
