"""What watching a model makes: metrics that CloudWatch bills, counters of drift, a stop for its cost."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from ladle.experiments.signature import TensorSpec
from ladle.planning.cost import MINUTES
from ladle.planning.prices import Prices
from ladle.planning.service_spec import ServiceSpec

COLUMNS = 64  # that a model file describes at most
FLUSHES = 8_760  # of a process that is busy all month: one in five minutes
FLUSH_WRITES = 2  # of a column: a transaction counts double
_TEXT = frozenset({"string"})


def watched_columns(spec: ServiceSpec) -> int:
    """Numbers of a row, in and out; none behind a transform, whose callers send something else."""
    if spec.transform is not None:
        return 0
    tensors = (*spec.signature.inputs, *spec.signature.outputs)
    return min(COLUMNS, sum(_columns(tensor) for tensor in tensors))


def watch_notes(spec: ServiceSpec, prices: Prices) -> Iterator[str]:
    usd = prices.of("metric_month", 1) + prices.of("metric_put", MINUTES)
    yield (
        f"one metric, its evidence, while a trial runs: {usd:.2f} USD for a month of trials; everything "
        "else is counted in a table"
    )
    stop = spec.policy.stop
    if stop is not None:
        yield (
            f"stopped {stop.grace_s / 3600:g} h after people were told that a ceiling of cost is passed, "
            f"as {stop.signed_by} signed for; nothing is deleted, ladle resume starts it again"
        )
    columns = watched_columns(spec)
    if columns:
        usd = prices.of("table_write", FLUSHES * FLUSH_WRITES * columns)
        yield (
            f"drift of up to {columns} columns, if the model file knows its training's rows: at most "
            f"{usd:.2f} USD a month for each process that is always busy"
        )


def _columns(tensor: TensorSpec) -> int:
    """One where a size is not known before a request comes."""
    if tensor.dtype in _TEXT or not tensor.shape:
        return 0
    return prod(size or 1 for size in tensor.shape[1:])
