"""What a function pays to read the counters of a trial: botocore asks and is answered, without a network."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

from ladle.aws.counter_store import AwsCounterStore
from ladle.aws.followed_counters import LONGEST_WRITE_S, FollowedCounters
from ladle.quality.counts import Window
from ladle.testing.laboratory import SetClock

MINUTE_S = 60.0


class _Raw(BytesIO):
    def stream(self) -> list[bytes]:
        return [self.read()]


def ms_a_look(looks: Sequence[Sequence[Window]], changed: int) -> tuple[float, float]:
    """CPU of two releases' windows, everything read anew, and only what was written to: the newest
    ``changed`` windows, and those of the longest time that a write takes.
    """
    lately = max(changed, round(LONGEST_WRITE_S / MINUTE_S) + 1)
    anew = [_body(windows) for windows in looks]
    news = [anew[0], *(_body(windows[-lately:]) for windows in looks[1:])]
    return _timed(AwsCounterStore, anew), _timed(FollowedCounters, news)


def _timed(kind: type[AwsCounterStore], bodies: Sequence[bytes]) -> float:
    answers = iter([body for body in bodies for _release in (1, 2)])
    client = boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="a",
    )

    def answer(request: Any, **_: object) -> AWSResponse:
        return AWSResponse(request.url, 200, {}, _Raw(next(answers)))

    client.meta.events.register("before-send.dynamodb.Query", answer)
    store, spent = kind(client, SetClock()), 0.0
    for look in range(len(bodies)):
        begun = time.process_time()
        for release in (1, 2):
            store.read("m", release, 0.0)
        spent += (time.process_time() - begun) * (look > 0)
    return 1000 * spent / (len(bodies) - 1)


def _body(windows: Sequence[Window]) -> bytes:
    items = [_item(window) for window in windows]
    return json.dumps({"Items": items, "Count": len(items)}).encode()


def _item(window: Window) -> dict[str, dict[str, str]]:
    counts = window.counts
    amounts = {
        "requests": counts.requests,
        "failed": counts.failed,
        "labelled_micro": counts.labelled_micro,
        "wrong_micro": counts.wrong_micro,
        "written": 0,
        "expires": 0,
        **{f"l{bin_}": n for bin_, n in counts.latency.items()},
        **{f"m_c.{c}.l": counts.labelled_micro // 10 for c in range(10)},  # ten classes
    }
    key = {"pk": {"S": "C#m#1"}, "sk": {"S": f"W#{round(window.start * 1000):015d}"}}
    return key | {name: {"N": str(n)} for name, n in amounts.items()}
