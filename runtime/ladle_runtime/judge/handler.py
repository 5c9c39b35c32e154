"""Each minute, or each window where that is shorter, publishes the evidence on every rollout."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ladle.actions.judge_quality import publish_evidence
from ladle.actions.take_labels import policy_of
from ladle.aws.followed_counters import FollowedCounters
from ladle.aws.metric_sink import AwsMetricSink
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle.ports import Clock, CounterStore, MetricSink, ReleaseLedger
from ladle.quality.running import RunningJudge

MINUTE_S = 60.0
MARGIN_S = 2.0  # a call ends before the next minute's begins

_judges: defaultdict[str, RunningJudge] = defaultdict(RunningJudge)  # while this process lives
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judge:
    """The ports of the judge."""

    ledger: ReleaseLedger
    counters: CounterStore
    metrics: MetricSink
    clock: Clock


def handle(_event: object, _context: object) -> Mapping[str, Any]:
    """Woken by the one-minute rule, whose event says nothing."""
    return {"readings": watch(_ports())}


def watch(ports: Judge) -> int:
    """Works on, window by window, until the next minute is due; returns how often it published."""
    began, readings = ports.clock.now(), 0
    while True:
        published, pause_s = _judge_all(ports)
        readings += published
        if ports.clock.now() + pause_s > began + MINUTE_S - MARGIN_S:
            return readings
        ports.clock.sleep(pause_s)


def _judge_all(ports: Judge) -> tuple[int, float]:
    """How many models are on trial, and the shortest window of all."""
    published, pause_s = 0, MINUTE_S
    for model in ports.ledger.models():
        try:
            state = ports.ledger.load(model)
            pause_s = min(pause_s, policy_of(state).window_s)
            weigh, now = _judges[model].judge, ports.clock.now()
            evidence = publish_evidence(ports.counters, ports.metrics, state, now, weigh)
        except LadleError as error:  # one model's trouble must not blind the others
            _log.error(json.dumps({"model": model, "code": error.code, "what": str(error)}))
            continue
        published += evidence is not None
    return published, pause_s


@cache
def _ports() -> Judge:
    aws = AwsSession()
    return Judge(
        AwsReleaseLedger(aws.dynamodb),
        FollowedCounters(aws.dynamodb, SystemClock()),
        AwsMetricSink(aws.cloudwatch),
        SystemClock(),
    )
