"""What labels cost to take: where ids are sealed a prediction is written nowhere.

As if every request got its label, and labels came together: at most one call a second.
"""

from __future__ import annotations

from collections.abc import Iterator

from ladle.catalog import DoorKind
from ladle.planning.prices import Prices
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.usage import Usage
from ladle.policy.sealing import sealable

ROW_LINE_BYTES = 130  # of a request with one row, measured; only where ids are not sealed
CALLS_PER_S = 1.0
CALL_WRITES = 4  # a mark against counting twice, and a window: double, as a transaction
OWN_GB, CALL_S, LABEL_S = 0.5, 0.05, 0.004  # the intake, its call, and each label of it


def row_line_bytes(spec: ServiceSpec) -> int:
    return 0 if is_sealed(spec) else ROW_LINE_BYTES


def is_sealed(spec: ServiceSpec) -> bool:
    """Whether a prediction id says itself what a label needs. It has no room for segments."""
    return sealable(spec.type, spec.monitor.window_s) and not spec.monitor.segments


def label_costs(
    spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices
) -> Iterator[tuple[str, float]]:
    labels = usage.requests_per_s * seconds
    calls = min(usage.requests_per_s, CALLS_PER_S) * seconds
    yield "labels", prices.of("table_write", labels + calls * CALL_WRITES)
    if not is_sealed(spec):
        kept = prices.of("table_write", labels) + prices.of("table_read", labels)
        yield "predictions that wait for labels", kept
    rest = spec.door.kind is DoorKind.REST_API
    door = prices.of("rest_api_request" if rest else "http_api_request", calls)
    busy_gb_s = OWN_GB * (calls * CALL_S + labels * LABEL_S)
    function = prices.of("lambda_request", calls) + prices.of("lambda_gb_second_x86_64", busy_gb_s)
    yield "calls with labels", door + function


def label_note(spec: ServiceSpec) -> Iterator[str]:
    """How a label will find what was predicted."""
    if spec.policy.labels_expected:
        yield (
            "a label is judged by what its prediction id seals; no prediction is stored"
            if is_sealed(spec)
            else "predictions are kept in a table until their labels expire"
        )
