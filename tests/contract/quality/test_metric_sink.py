"""Published evidence arrives under the model's name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ladle.aws.metric_sink import AwsMetricSink
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.disk.metric_sink import DiskMetricSink


def published(session: AwsSession | None, root: Path, model: str, at: float) -> list[float]:
    if session is None:
        lines = (root / "metrics.jsonl").read_text().splitlines()
        return [r["log_e"] for r in map(json.loads, lines) if r["model"] == model]
    when = datetime.fromtimestamp(at, UTC)
    points = session.cloudwatch.get_metric_statistics(
        Namespace="Ladle",
        MetricName="log_e",
        Dimensions=[{"Name": "Model", "Value": model}],
        StartTime=when - timedelta(minutes=5),
        EndTime=when + timedelta(minutes=5),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    return [point["Maximum"] for point in points]


def test_the_evidence_of_a_model_is_published_for_that_model(
    session: AwsSession | None, tmp_path: Path
) -> None:
    sink = AwsMetricSink(session.cloudwatch) if session else DiskMetricSink(tmp_path)
    at = SystemClock().now()
    sink.publish_log_e("fraud", 5.25, at)
    sink.publish_log_e("spam", 0.0, at)
    assert published(session, tmp_path, "fraud", at) == [5.25]
    assert published(session, tmp_path, "spam", at) == [0.0]
