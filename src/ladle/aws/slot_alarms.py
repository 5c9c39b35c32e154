"""ELB's own count of failures in the slot of a release on ECS, for the case that our own pipeline is dead.

An alarm is a slot's, and a slot has one release after another: what counts is what came since the
slot was last filled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ladle import names
from ladle.aws.alarm_reader import HALF, LOOK_BACK_S, PERIOD_S, rang
from ladle.aws.ecs_slots import EcsSlots, Slot, Slots
from ladle.aws.faults import asking
from ladle.ports import AlarmReading, Clock

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NAMESPACE, REQUESTS, FAILURES = "AWS/ApplicationELB", "RequestCount", "HTTPCode_Target_5XX_Count"
QUIET = AlarmReading(ringing=False, samples=0)


class SlotAlarmReader:
    def __init__(
        self, client: CloudWatchClient, clock: Clock, slots_of: Callable[[str], EcsSlots]
    ) -> None:
        self._client = client
        self._clock = clock
        self._slots_of = slots_of

    def native(self, model: str, release: int) -> AlarmReading:
        found = self._slots_of(model).read(model)
        slot = found.of(release) if found is not None else None
        if found is None or slot is None or not slot.weight:
            return QUIET
        alarm = names.slot_alarm(model, slot.name)
        with asking(f"for the alarm {alarm}"):
            alarms = self._client.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
            if not any(rang(each, self._clock.now()) for each in alarms):
                return QUIET
            samples = self._samples(found, slot)
        return AlarmReading(ringing=samples > 0, samples=samples)

    def _samples(self, found: Slots, slot: Slot) -> int:
        """Requests in the newest unbroken run of minutes in which half of them failed."""
        requests = self._sums(REQUESTS, found, slot)
        failures = self._sums(FAILURES, found, slot)
        samples = 0.0
        for minute in sorted(requests, reverse=True):
            if failures.get(minute, 0.0) < HALF * requests[minute]:
                break
            samples += requests[minute]
        return int(samples)

    def _sums(self, metric: str, found: Slots, slot: Slot) -> Mapping[datetime, float]:
        now = self._clock.now()
        dimensions: Any = [
            {"Name": "TargetGroup", "Value": slot.target_group.rpartition(":")[2]},
            {"Name": "LoadBalancer", "Value": balancer_of(found.rule)},
        ]
        points = self._client.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=datetime.fromtimestamp(max(now - LOOK_BACK_S, slot.since), UTC),
            EndTime=datetime.fromtimestamp(now + PERIOD_S, UTC),
            Period=PERIOD_S,
            Statistics=["Sum"],
        )["Datapoints"]
        return {point["Timestamp"]: point["Sum"] for point in points}


def balancer_of(rule: str) -> str:
    """``app/ladle/50dc…`` in ``…:listener-rule/app/ladle/50dc…/f2f7…/9683…``."""
    return "/".join(rule.partition(":listener-rule/")[2].split("/")[:3])
