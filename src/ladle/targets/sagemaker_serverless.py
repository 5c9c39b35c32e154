"""What an endpoint of SageMaker that comes and goes with its requests can take."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.catalog import Arch
from ladle.config.schema import ModelConfig
from ladle.targets.sagemaker import TIMEOUT_S, refusals_of_the_container

PAYLOAD_MB = 4.0
STEP_MB, MEMORY_MB = 1024, 6144  # of memory: by the gigabyte, six at most
DISK_MB = 5120
CONCURRENCY = 200  # of one endpoint
# Two endpoints are there while a release is tried, and a new account has ten in all.
USUAL_CONCURRENCY = 5
COLD_START_MS = 10_000.0  # a guess: docs/live-checks.md


def memory_mb(wanted_mb: int) -> int:
    """The next whole gigabyte."""
    return max(1, -(-wanted_mb // STEP_MB)) * STEP_MB


def concurrency(max_instances: int | None) -> int:
    """An instance answers one request after the other."""
    return max_instances or USUAL_CONCURRENCY


def refusals(config: ModelConfig) -> Iterator[str]:
    """Why this model cannot run so; nothing when it can."""
    compute = config.compute
    yield from refusals_of_the_container(config, PAYLOAD_MB, TIMEOUT_S)
    if compute.gpu:
        yield "it needs a GPU, and a serverless endpoint has none"
    if compute.instance_type:
        yield f"it names a machine, {compute.instance_type}"
    if compute.spot:
        yield "it asks for spare capacity, and serverless endpoints have none"
    if compute.min_instances:
        yield "it keeps min_instances running, and a serverless endpoint has none while nobody asks"
    if memory_mb(compute.memory_mb) > MEMORY_MB:
        yield f"its memory_mb {compute.memory_mb} is more than the {MEMORY_MB} that it may have"
    if concurrency(compute.max_instances) > CONCURRENCY:
        yield f"its max_instances {compute.max_instances} are more than the {CONCURRENCY} of one"
    if config.arch is Arch.ARM64:
        yield "its arch is arm64, and serverless endpoints are x86_64"
    if config.network.vpc:
        yield f"it names a network, {config.network.vpc}, and a serverless endpoint is in none of yours"


def reason(config: ModelConfig) -> str:
    """Why a serverless endpoint is the right place."""
    wanted_mb = memory_mb(config.compute.memory_mb)
    return f"a serverless endpoint of SageMaker with {wanted_mb} MB: it costs nothing while idle"
