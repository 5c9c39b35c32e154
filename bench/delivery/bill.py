"""What each way of counting costs at a steady rate, in list prices without free tier."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from ladle.planning.cost import MINUTES, MONTH_S, OWN_CALL_S, own_calls
from ladle.planning.label_costs import CALL_S, CALL_WRITES, LABEL_S, OWN_GB
from ladle.planning.prices import Prices

RATES = (1.0, 100.0, 1000.0)  # requests a second
ANSWER_MS, MEMORY_GB = 3.0, 1769 / 1024  # what a plan guesses of a small model
PLATFORM_BYTES = 320  # START, END and REPORT, which Lambda writes whatever is counted
LOOKED_AT = 5  # metrics of a release: requests, failed, slow, labelled, wrong
RELEASES = 2
GET_METRIC_DATA_USD = 0.01 / 1000  # https://aws.amazon.com/cloudwatch/pricing/, 2026-11-23
MODEL_READS = 4  # of judge and controller each minute


@dataclass(frozen=True, slots=True)
class Measured:
    """By the replay: bytes of our line, write units of a delivery."""

    line_bytes: float
    delivery_units: float


@dataclass(frozen=True, slots=True)
class Bill:
    """``per_million`` requests in USD, ``writes`` a second."""

    way: str
    writes: float
    per_million: float


def serving(prices: Prices) -> float:
    """Of a million requests: the call, its time, the door."""
    gb_s = 1e6 * ANSWER_MS / 1000 * MEMORY_GB
    return (
        prices.of("lambda_request", 1e6)
        + prices.of("lambda_gb_second_x86_64", gb_s)
        + prices.of("http_api_request", 1e6)
    )


def streams(rate: float) -> int:
    """Instances that are busy at once, with room for chance; each writes its own stream."""
    busy = rate * ANSWER_MS / 1000
    return math.ceil(busy + 3 * math.sqrt(busy))


def by_collector(rate: float, measured: Measured, prices: Prices) -> Bill:
    """A stream is delivered once a second, or once a request where there are fewer."""
    per_s = min(rate, float(streams(rate)))
    usd_s = (
        own_calls(per_s, OWN_CALL_S, prices)
        + prices.of("table_write", per_s * measured.delivery_units)
        + prices.of("log_gb", rate * (measured.line_bytes + PLATFORM_BYTES) / 1e9)
        + prices.of("table_read", MINUTES / MONTH_S * MODEL_READS)
    )
    writes = per_s * measured.delivery_units
    return Bill("collector", writes, usd_s / rate * 1e6)


def by_metrics(rate: float, prices: Prices) -> Bill:
    """Embedded metrics: longer lines, no function and no table; each release's metrics are billed."""
    metrics = LOOKED_AT * RELEASES
    usd_s = (
        prices.of("log_gb", rate * (len(embedded_line()) + PLATFORM_BYTES) / 1e9)
        + prices.of("metric_month", metrics / MONTH_S)
        + GET_METRIC_DATA_USD * metrics / 60
    )
    return Bill("metrics", 0.0, usd_s / rate * 1e6)


# Write units of a label: how it was, then one mark a call, then sealed ids as well.
LABEL_WAYS = {
    "labels, a row and a mark each": 1 + 1 + 2,
    "labels, a row each": 1 + 1,
    "labels, sealed ids": 1,
}


def with_labels(way: str, counted: Bill, rate: float, prices: Prices) -> Bill:
    """Every request gets its label, and labels come together once a second."""
    calls = min(rate, 1.0)
    writes = rate * LABEL_WAYS[way] + calls * CALL_WRITES
    busy_s = calls * CALL_S + rate * LABEL_S
    usd_s = (
        prices.of("table_write", writes)
        + prices.of("http_api_request", calls)
        + prices.of("lambda_request", calls)
        + prices.of("lambda_gb_second_x86_64", busy_s * OWN_GB)
    )
    return Bill(way, counted.writes + writes, counted.per_million + usd_s / rate * 1e6)


def embedded_line() -> str:
    """A request as CloudWatch reads metrics out of a line."""
    names = ("Requests", "Failed", "Slow")
    about = {
        "Timestamp": 1_789_999_999_123,
        "CloudWatchMetrics": [
            {
                "Namespace": "Ladle",
                "Dimensions": [["Model", "Release"]],
                "Metrics": [{"Name": name, "Unit": "Count"} for name in names],
            }
        ],
    }
    row = {"_aws": about, "Model": "iris", "Release": "8", "id": "x" * 22, "ms": 3.123}
    return json.dumps({**row, **dict.fromkeys(names, 0)}, separators=(",", ":"))
