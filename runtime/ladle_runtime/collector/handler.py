"""Reads what CloudWatch Logs delivers of a model's log group, and counts it.

Raises when the tables do not answer: the delivery is then tried again, and counts once.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from ladle import names
from ladle.actions.collect_counts import collect_counts
from ladle.actions.take_labels import Intake, policy_of
from ladle.aws.counter_store import AwsCounterStore
from ladle.aws.label_store import AwsLabelStore
from ladle.aws.master_key import MasterKey
from ladle.aws.prediction_log import AwsPredictionLog
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle.ports import ReleaseLedger
from ladle.quality.delivery import LogEvent
from ladle.quality.line_keys import line_key


@dataclass(frozen=True, slots=True)
class Collector:
    """The ports of the collector; ``keys_of`` gives a model's line keys, the newest first."""

    intake: Intake
    ledger: ReleaseLedger
    keys_of: Callable[[str], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One batch of a subscription, unpacked."""

    log_group: str
    log_stream: str
    events: Sequence[LogEvent]


def handle(event: Mapping[str, Any], _context: object) -> Mapping[str, Any]:
    """A subscription filter's event; what was counted is returned for whoever reads it by hand."""
    return collect(_ports(), unpack(event))


def unpack(event: Mapping[str, Any]) -> Delivery:
    """CloudWatch sends gzip in base64; a CONTROL_MESSAGE only asks whether we listen."""
    data = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    lines = data["logEvents"] if data["messageType"] == "DATA_MESSAGE" else []
    events = [LogEvent(e["id"], e["timestamp"] / 1000, e["message"]) for e in lines]
    return Delivery(data["logGroup"], data["logStream"], events)


def collect(ports: Collector, delivery: Delivery) -> Mapping[str, Any]:
    if not delivery.events:
        return {}
    model = names.model_of_log_group(delivery.log_group)
    state = ports.ledger.load(model)
    counted = collect_counts(
        ports.intake,
        model,
        delivery.log_stream,
        delivery.events,
        ports.keys_of(model),
        policy_of(state),
        {release.base for release in state.releases if release.home.counts_itself} or {0},
    )
    return asdict(counted)


@cache
def _ports() -> Collector:
    aws = AwsSession()
    masters = MasterKey(aws.secrets).read_all()
    return Collector(
        Intake(
            AwsCounterStore(aws.dynamodb, SystemClock()),
            AwsPredictionLog(aws.dynamodb),
            AwsLabelStore(aws.dynamodb),
        ),
        AwsReleaseLedger(aws.dynamodb),
        lambda model: [line_key(master, model) for master in masters],
    )
