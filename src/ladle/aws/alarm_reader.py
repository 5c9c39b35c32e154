"""AWS's own count of failures, for the case that our own pipeline is dead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ladle import names
from ladle.aws.faults import asking
from ladle.aws.native_errors import NativeErrors, native_errors
from ladle.policy.lock import Home
from ladle.ports import AlarmReading, Clock

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

PERIOD_S = 60
LOOK_BACK_S = 15 * PERIOD_S
HALF = 0.5
REMEMBERED_S = 240  # a wake-up that crashed, or came late, must not miss an alarm that cleared


def rang(alarm: MetricAlarmTypeDef, now: float) -> bool:
    """Whether it rings, or did just now."""
    changed = alarm.get("StateTransitionedTimestamp", alarm["StateUpdatedTimestamp"])
    return alarm["StateValue"] == "ALARM" or changed.timestamp() > now - REMEMBERED_S


def no_slots(_model: str, _release: int) -> AlarmReading:
    """Where no release shares its alarm with others."""
    return AlarmReading(ringing=False, samples=0)


OfSlots = Callable[[str, int], AlarmReading]


class CloudWatchAlarmReader:
    """Reads whether a release's alarm rings or rang just now, and how many invocations it saw."""

    def __init__(
        self,
        client: CloudWatchClient,
        clock: Clock,
        home_of: Callable[[str, int], Home],
        of_slots: OfSlots = no_slots,
    ) -> None:
        self._client = client
        self._clock = clock
        self._home_of = home_of
        self._of_slots = of_slots

    def native(self, model: str, release: int) -> AlarmReading:
        errors = native_errors(self._home_of(model, release), model, release)
        if errors is None:
            return self._of_slots(model, release)
        alarm = names.native_alarm(model, release)
        with asking(f"for the alarm {alarm}"):
            found = self._client.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
            if not any(rang(alarm, self._clock.now()) for alarm in found):
                return AlarmReading(ringing=False, samples=0)
            return AlarmReading(ringing=True, samples=self._samples(errors))

    def _samples(self, errors: NativeErrors) -> int:
        """Invocations in the newest unbroken run of minutes in which half of them failed."""
        now = self._clock.now()
        dimensions: Any = errors.named
        statistics = self._client.get_metric_statistics(
            Namespace=errors.namespace,
            MetricName=errors.metric,
            Dimensions=dimensions,
            StartTime=datetime.fromtimestamp(now - LOOK_BACK_S, UTC),
            EndTime=datetime.fromtimestamp(now + PERIOD_S, UTC),
            Period=PERIOD_S,
            Statistics=["SampleCount", "Average"],
        )
        points: list[Any] = sorted(statistics["Datapoints"], key=lambda p: p["Timestamp"])
        samples = 0.0
        for point in reversed(points):
            if point["Average"] < HALF:
                break
            samples += point["SampleCount"]
        return int(samples)
