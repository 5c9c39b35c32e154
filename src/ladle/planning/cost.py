"""What a model costs is a sum of lines, each a price times what is used of it.

What cannot be known before a deploy is a named constant here: change it where you measured better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from ladle.catalog import Tracing
from ladle.config.doors import row_of
from ladle.planning.captured import captured_bytes
from ladle.planning.carried import answer_bytes
from ladle.planning.label_costs import label_costs, row_line_bytes
from ladle.planning.left_costs import left_costs
from ladle.planning.prices import Elsewhere, Prices
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.spans import SPAN_BYTES, go_to_cloudwatch
from ladle.planning.targets import planning_of
from ladle.planning.usage import DAY_S, Usage

MONTH_S = 730 * 3600.0
MINUTES = MONTH_S / 60
REQUEST_LINES_BYTES = 150 + 350  # ours, measured, and the platform's START, END and REPORT
# Log lines are delivered together; at most once a second, at least once for each lonely request.
DELIVERIES_PER_S = 1.0
OWN_GB, OWN_CALL_S = 0.5, 0.05  # a platform function, and how long a call of it takes
DELIVERY_WRITES = 4  # a mark against counting twice, and a window: double, as a transaction
LOOKS_READS = 5  # of judge and controller, each minute and model
TRIAL_SHARE = 0.1  # of a month is spent on trials
WINDOW_BYTES = 300  # of a window of a model with ten classes, measured
READ_BYTES = 4096  # that one read pays for
FOLLOWED = 2 * 2  # judge and controller read two releases each
ALARMS = 2  # the evidence's, and one on the errors of the newest release
TRACED_SHARE = 0.05  # X-Ray takes the first request of a second, and so much of the others
AWAKE_S = 58.0  # of each minute, in which judge and controller look again at short windows


class Side(StrEnum):
    SERVING = "serving"
    WATCHING = "watching"


@dataclass(frozen=True, slots=True)
class Line:
    """What one thing costs in a period; those of all models are told apart from one model's."""

    side: Side
    what: str
    usd: float


@dataclass(frozen=True, slots=True)
class Sum:
    serving: float
    watching: float

    @property
    def total(self) -> float:
        return self.serving + self.watching

    def to_json(self) -> dict[str, float]:
        named = {"serving": self.serving, "watching": self.watching, "total": self.total}
        return {name: round(usd, 6) for name, usd in named.items()}


@dataclass(frozen=True, slots=True)
class Cost:
    """USD: of a month without a request and with the expected ones, of a day with as many as the
    door lets in (``worst_day_slow``: as many as the account's instances can give their whole time),
    and of a million requests. ``usage`` are those that get in, of ``asked_per_day``. ``elsewhere`` are its prices that another region's list told.
    """

    usage: Usage
    asked_per_day: float
    idle: Sum
    expected: Sum
    worst_day: Sum
    worst_day_slow: Sum
    per_million: Sum
    lines: tuple[Line, ...]
    elsewhere: tuple[Elsewhere, ...] = ()

    def to_json(self) -> dict[str, Any]:
        usage = self.usage
        return {
            "traffic": usage.known,
            "observed_s": usage.seen_s and round(usage.seen_s),
            "asked_per_day": round(self.asked_per_day, 1),
            "requests_per_day": round(usage.requests_per_day, 1),
            "answer_ms": round(usage.answer_ms, 3),
            "answer_known": usage.answer_known,
            "idle_month": self.idle.to_json(),
            "expected_month": self.expected.to_json(),
            "worst_day": self.worst_day.to_json(),
            "worst_day_when_slow": self.worst_day_slow.to_json(),
            "per_million_requests": self.per_million.to_json(),
            "lines": [
                {"side": row.side, "what": row.what, "usd_a_month": round(row.usd, 6)}
                for row in self.lines
            ],
            "prices_elsewhere": [asdict(row) for row in self.elsewhere],
        }


def cost(spec: ServiceSpec, usage: Usage, prices: Prices) -> Cost:
    asked_per_day = usage.requests_per_day
    busiest = usage.at(most_per_s(spec, usage.answer_ms))
    usage = usage.at(min(usage.requests_per_s, busiest.requests_per_s))
    timeout_ms = spec.compute.timeout_s * 1000.0
    slow = Usage(most_per_s(spec, timeout_ms), timeout_ms, usage.peak_per_s)
    asked = _Asked(prices.usd)
    month = tuple(lines(spec, usage, MONTH_S, replace(prices, usd=asked)))
    idle, expected = (total(lines(spec, u, MONTH_S, prices)) for u in (usage.at(0.0), usage))
    requests = usage.requests_per_s * MONTH_S
    return Cost(
        usage=usage,
        asked_per_day=asked_per_day,
        idle=idle,
        expected=expected,
        worst_day=total(lines(spec, busiest, DAY_S, prices)),
        worst_day_slow=total(lines(spec, slow, DAY_S, prices)),
        per_million=Sum(
            (expected.serving - idle.serving) / requests * 1e6,
            (expected.watching - idle.watching) / requests * 1e6,
        ),
        lines=month,
        elsewhere=tuple(row for row in prices.elsewhere if row.row in asked.names),
    )


class _Asked(dict[str, float]):
    """Keeps which prices a bill is made of."""

    def __init__(self, usd: Mapping[str, float]) -> None:
        super().__init__(usd)
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> float:
        self.names.add(name)
        return super().__getitem__(name)


def most_per_s(spec: ServiceSpec, answer_ms: float) -> float:
    """As many requests as the door lets in, and the model's instances can answer."""
    answered = planning_of(spec.target).most_per_s(spec, answer_ms)
    return (
        min(spec.door.rate_per_s, answered)
        if row_of(spec.door.kind, spec.target).throttles
        else answered
    )


def total(rows: Iterator[Line] | Sequence[Line]) -> Sum:
    sums = dict.fromkeys(Side, 0.0)
    for row in rows:
        sums[row.side] += row.usd
    return Sum(sums[Side.SERVING], sums[Side.WATCHING])


def lines(spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices) -> Iterator[Line]:
    """What a model costs in ``seconds`` of such usage."""
    for what, usd in _serving(spec, usage, seconds, prices):
        yield Line(Side.SERVING, what, usd)
    yield from _watching(spec, usage, seconds, prices)


def _serving(
    spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices
) -> Iterator[tuple[str, float]]:
    requests, months = usage.requests_per_s * seconds, seconds / MONTH_S
    yield from planning_of(spec.target).serving_costs(spec, usage, seconds, prices)
    yield from left_costs(spec, seconds, prices)
    yield "the door", prices.of(row_of(spec.door.kind, spec.target).price, requests)
    answers_gb = requests * answer_bytes(spec) / 1e9
    yield "answers on their way out", prices.of("internet_gb", answers_gb)
    kept_in = "image_gb_month" if spec.is_in_image else "store_gb_month"
    yield "the model's copy", prices.of(kept_in, spec.source.bytes / 1e9 * months)


def _watching(spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices) -> Iterator[Line]:
    requests, months = usage.requests_per_s * seconds, seconds / MONTH_S
    log_gb = requests * (REQUEST_LINES_BYTES + row_line_bytes(spec)) / 1e9
    captured_gb = requests * captured_bytes(spec) / 1e9
    kept_gb = (log_gb + captured_gb) / seconds * spec.log_retention_days * DAY_S
    deliveries = min(usage.requests_per_s, DELIVERIES_PER_S) * seconds
    alarms = ALARMS + (spec.ceilings.idle_ttl_s is not None)
    tried = MINUTES * months * TRIAL_SHARE
    found = [
        ("log lines", prices.of("log_gb", log_gb)),
        ("lines that are kept", prices.of("log_gb_month", kept_gb * months)),
        ("counting", own_calls(deliveries, OWN_CALL_S, prices)),
        ("counters", prices.of("table_write", deliveries * DELIVERY_WRITES)),
        ("alarms", prices.of("alarm_month", alarms * months)),
        ("evidence", prices.of("metric_month", TRIAL_SHARE * months)),
        ("publishing it", prices.of("metric_put", tried)),
        ("looks each minute", prices.of("table_read", MINUTES * months * LOOKS_READS)),
        ("looks at trials", prices.of("table_read", tried * _windows_read(spec, usage))),
    ]
    if spec.capture:
        found.append(("captured rows", prices.of("log_gb", captured_gb)))
    if spec.dashboard:
        found.append(("the dashboard", prices.of("dashboard_month", months)))
    if spec.tracing is Tracing.XRAY:
        found.append(("traces", prices.of("trace", requests * TRACED_SHARE)))
    if go_to_cloudwatch(spec):
        found.append(("spans", prices.of("log_gb", requests * SPAN_BYTES / 1e9)))
    if spec.policy.labels_expected:
        found += label_costs(spec, usage, seconds, prices)
    if spec.monitor.window_s < 60:
        awake = 2 * own_calls(MINUTES * months, AWAKE_S, prices)
        found.append(("windows under a minute (once for all models)", awake))
    for what, usd in found:
        yield Line(Side.WATCHING, what, usd)


def _windows_read(spec: ServiceSpec, usage: Usage) -> float:
    """Reads of a minute halfway through a trial: each look is at every window since it began, for what
    did not change is left out only after it was read.
    """
    policy = spec.policy
    half_s = (policy.bake_s + policy.holdback_s) / 2
    windows = half_s * min(1 / policy.window_s, usage.requests_per_s)
    looks = max(1.0, 60 / policy.window_s)
    return looks * FOLLOWED * windows * WINDOW_BYTES / READ_BYTES


def own_calls(calls: float, call_s: float, prices: Prices) -> float:
    """Calls of one of Ladle's own functions."""
    gb_seconds = calls * call_s * OWN_GB
    return prices.of("lambda_request", calls) + prices.of("lambda_gb_second_x86_64", gb_seconds)


def platform(prices: Prices) -> tuple[Line, ...]:
    """A month of what all models of an account share, before any of them is asked."""
    return tuple(
        Line(Side.WATCHING, what, usd)
        for what, usd in (
            ("the key of alarms", prices.of("key_month", 1)),
            ("the master key", prices.of("secret_month", 1)),
            ("judge and controller each minute", 2 * own_calls(MINUTES, OWN_CALL_S, prices)),
        )
    )
