"""A page of CloudWatch for one model: what its releases answer, and what is known of how well.

Releases are found by search, since no template knows their numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ladle import names
from ladle.catalog import Target
from ladle.planning import arns as planned
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets import planning_of
from ladle_stacks import arns

Widget = Mapping[str, Any]
WIDTH, HEIGHT = 12, 6
_LINES = (
    ("Requests by release and outcome", "stats count(*) by release, outcome"),
    ("Latency by release", "stats pct(latency_ms, 50), pct(latency_ms, 95) by release"),
)


def dashboard(scope: Construct, spec: ServiceSpec) -> cloudwatch.CfnDashboard:
    placed = [
        {**widget, "x": WIDTH * (n % 2), "y": HEIGHT * (n // 2), "width": WIDTH, "height": HEIGHT}
        for n, widget in enumerate(_widgets(spec))
    ]
    return cloudwatch.CfnDashboard(
        scope,
        "Dashboard",
        dashboard_name=names.function(spec.model),
        dashboard_body=arns.filled(json.dumps({"widgets": placed})),
    )


def _widgets(spec: ServiceSpec) -> Iterator[Widget]:
    if (
        spec.target is Target.LAMBDA and not spec.base
    ):  # whose versions are releases by their numbers
        yield _by_release(spec, "Requests by release", "Invocations", "Sum")
        yield _by_release(spec, "Failed invocations by release", "Errors", "Sum")
        yield _by_release(spec, "Duration by release, p95", "Duration", "p95")
    else:
        yield from (_lines(spec, title, query) for title, query in _LINES)
    ours = f'{{{names.METRIC_NAMESPACE},Model}} Model="{spec.model}"'
    yield _search("Evidence, and what else is measured of the model", ours, "Maximum")
    alarm = planned.alarm(names.evidence_alarm(spec.model))
    yield _widget("alarm", {"title": "Alarm", "alarms": [alarm]})


def _by_release(spec: ServiceSpec, title: str, metric: str, statistic: str) -> Widget:
    function = names.function(spec.model)
    found = "{AWS/Lambda,ExecutedVersion,FunctionName,Resource}"
    return _search(title, f'{found} FunctionName="{function}" MetricName="{metric}"', statistic)


def _search(title: str, found: str, statistic: str) -> Widget:
    search = f"SEARCH('{found}', '{statistic}', 60)"
    shown = {"metrics": [[{"expression": search, "id": "found"}]], "view": "timeSeries"}
    return _widget("metric", {"title": title, "region": _REGION, **shown})


def _lines(spec: ServiceSpec, title: str, query: str) -> Widget:
    group = planning_of(spec.target).log_group(spec)
    prefix = group.removesuffix("*")  # a log for each release
    source = f"'{group}'" if prefix == group else f"logGroups(namePrefix: ['{prefix}'])"
    asked = f"SOURCE {source} | filter ispresent(outcome) | {query}, bin(5m)"
    return _widget("log", {"title": title, "region": _REGION, "query": asked, "view": "timeSeries"})


def _widget(kind: str, properties: Widget) -> Widget:
    return {"type": kind, "properties": properties}


_REGION = "${AWS::Region}"
