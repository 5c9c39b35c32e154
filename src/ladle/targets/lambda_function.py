"""What a Lambda function can take; what it cannot is a reason, never a surprise at deploy."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.catalog import CostAction
from ladle.config.schema import ModelConfig

PAYLOAD_MB = 6  # of one request or answer
MEMORY_MB = 10240
TIMEOUT_S = 900
ACCOUNT_CONCURRENCY = 1000  # by default; a new account may have as few as 10
LEAST_UNRESERVED = 100  # instances that reserving must leave to all other functions
TRIAL_SHARE = 0.1  # of a month two releases have traffic, and are kept warm
SNAPSHOTS = 5  # one of each version that is retained
COLD_START_MS = 1600  # measured: a 45 MB zip with onnxruntime, docs/benchmarks.md
INIT_S = 10.0  # what a function may take before its first request
IMAGE_MODEL_BYTES = 9 * 1000**3  # of an image's ten gigabytes, beside code and wheels
STORE_MODEL_BYTES = 250 * 1000**2  # what init can fetch within its ten seconds


def refusals(config: ModelConfig) -> Iterator[str]:
    """Why this model cannot run as a function; nothing when it can."""
    if config.compute.gpu:
        yield "it needs a GPU, and a function has none"
    if config.compute.instance_type:
        yield f"it names a machine, {config.compute.instance_type}"
    if config.compute.spot:
        yield "it asks for spare capacity, and functions have none"
    if config.compute.min_instances:
        yield "it keeps min_instances running, and functions come and go with their requests"
    for key in ("warm", "reserved"):
        if config.cost.action is CostAction.STOP and getattr(config.compute, key):
            yield f"it sets compute.{key} beside cost.action: stop, and each would undo the other"
    payload_mb = config.traffic.payload_mb or 0
    if payload_mb > PAYLOAD_MB:
        yield f"its payload of {payload_mb:g} MB is more than a function's {PAYLOAD_MB}"


def reason(config: ModelConfig) -> str:
    """Why a function is the right place."""
    p99_ms = config.traffic.p99_ms
    if p99_ms is not None and p99_ms < COLD_START_MS:
        return (
            f"a function; the first request of each instance takes about {COLD_START_MS} ms, "
            f"more than p99_ms {p99_ms:g}; {_warmth(config)}"
        )
    return "a function: no GPU, and memory, payload and time are within Lambda's limits"


def _warmth(config: ModelConfig) -> str:
    kept = config.compute.warm
    return f"{kept} are kept warm" if kept else "compute.warm keeps some that never start cold"
