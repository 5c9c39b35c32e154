"""What grants of several targets are about, each called the same in every sentence."""

from __future__ import annotations

from ladle.planning import arns
from ladle.planning.grant import Grant, Thing, allow


def own_folder(model: str) -> Thing:
    """Where the models of a model's own releases lie, each below its digest."""
    folder = f"release/{model}/*"
    return Thing(arns.store(folder), f"{folder} of the store")


def tried_by_scaling() -> Grant:
    """Application Auto Scaling tries, as whoever asks it, whether they may do what scaling does to alarms,
    and names none. By itself no role may.
    """
    return allow(
        "cloudwatch",
        ["DeleteAlarms", "DescribeAlarms", "PutMetricAlarm"],
        Thing("*", "any alarm, through AWS's own scaling"),
        when={"Bool": {"aws:ViaAWSService": "true"}},
    )


def traces() -> Grant:
    """What Lambda does for a function whose requests are traced."""
    thing = Thing("*", "traces")  # which have no ARN
    return allow("xray", ["PutTelemetryRecords", "PutTraceSegments"], thing)


def own_log(log_group: str) -> Grant:
    streams = Thing(arns.log_group(f"{log_group}:*"), f"its log {log_group}")
    return allow("logs", ["CreateLogStream", "PutLogEvents"], streams)
