"""What Lambda says of a version is said of its release: in metrics, in streams, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.hand_off.test_hand_over import Clock

from ladle import names
from ladle.aws.alarm_reader import CloudWatchAlarmReader
from ladle.aws.function_home import FunctionHome
from ladle.aws.native_errors import native_errors
from ladle.aws.platform_signals import Outcome, PlatformSignals
from ladle.aws.release_alarms import AwsReleaseAlarms
from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.quality.platform_lines import release_of

BASES = st.integers(0, 10_000)
ARM = [
    {"Name": "FunctionName", "Value": "ladle-fraud_8"},
    {"Name": "Resource", "Value": "ladle-fraud_8:live"},
    {"Name": "ExecutedVersion", "Value": "1"},
]


@dataclass
class CloudWatch:
    """One alarm that rings, and each call that was made by name."""

    calls: dict[str, Any] = field(default_factory=dict)

    def put_metric_alarm(self, **asked: Any) -> None:
        self.calls["put_metric_alarm"] = asked

    def put_metric_data(self, **asked: Any) -> None:
        self.calls["put_metric_data"] = asked

    def describe_alarms(self, **_: Any) -> Any:
        return {"MetricAlarms": [{"StateValue": "ALARM", "StateUpdatedTimestamp": Moment()}]}

    def get_metric_statistics(self, **asked: Any) -> Any:
        self.calls["get_metric_statistics"] = asked
        return {"Datapoints": [{"Timestamp": 1, "Average": 1.0, "SampleCount": 12.0}]}


class Moment:
    def timestamp(self) -> float:
        return 1000.0


@dataclass
class Logs:
    streams: list[str] = field(default_factory=list)

    def create_log_stream(self, **asked: str) -> None:
        assert asked["logGroupName"] == "/ladle/fraud"
        self.streams.append(asked["logStreamName"])

    def put_log_events(self, **asked: Any) -> None:
        assert asked["logStreamName"] == self.streams[-1]


def home_of(_model: str, release: int) -> Home:
    return Home(Target.LAMBDA, 8 if release > 8 else 0)


@given(BASES, st.integers(1, 10_000))
def test_a_version_and_its_release_name_each_other(base: int, version: int) -> None:
    home = FunctionHome(base)
    assert home.version(home.release(str(version))) == str(version)
    assert home.release("$LATEST") == 0


@given(BASES, st.integers(1, 10_000))
def test_a_stream_tells_the_release_whatever_else_the_model_has(base: int, version: int) -> None:
    logs = Logs()
    signals = PlatformSignals(cast(Any, logs), cast(Any, CloudWatch()))
    release = base + version
    signals.failure_line("fraud", release, "Task timed out", 1.0, base)
    assert release_of(logs.streams[-1], {0, base, 99}) == release


def test_the_alarm_of_a_release_rings_by_the_function_of_its_home() -> None:
    cloudwatch = CloudWatch()
    AwsReleaseAlarms(cast(Any, cloudwatch), home_of("fraud", 9)).ensure("fraud", 9, "topic")
    put = cloudwatch.calls["put_metric_alarm"]
    assert (put["AlarmName"], put["Dimensions"]) == (names.native_alarm("fraud", 9), ARM)


def test_what_rings_is_counted_in_the_home_of_its_release() -> None:
    cloudwatch = CloudWatch()
    reader = CloudWatchAlarmReader(cast(Any, cloudwatch), cast(Any, Clock()), home_of)
    assert reader.native("fraud", 9).samples == 12
    assert cloudwatch.calls["get_metric_statistics"]["Dimensions"] == ARM
    reader.native("fraud", 7)
    first = native_errors(Home(Target.LAMBDA), "fraud", 7)
    assert first is not None
    assert cloudwatch.calls["get_metric_statistics"]["Dimensions"] == first.named


def test_the_door_of_the_embedded_aws_counts_under_the_same_names() -> None:
    cloudwatch = CloudWatch()
    signals = PlatformSignals(cast(Any, Logs()), cast(Any, cloudwatch))
    signals.errors({Outcome("fraud", 9, 1, 8): 2, Outcome("fraud", 9, 0, 8): 3})
    [data] = cloudwatch.calls["put_metric_data"]["MetricData"]
    assert data["Dimensions"] == ARM
    assert (data["Values"], data["Counts"]) == ([1.0, 0.0], [2.0, 3.0])
