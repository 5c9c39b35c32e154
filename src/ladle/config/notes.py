"""What a valid config means without saying so: worth a line, never an error."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.catalog import Strategy, Target
from ladle.config.evidence import evidence_time, expects_labels
from ladle.config.schema import ModelConfig


def notes(config: ModelConfig) -> Iterator[str]:
    if config.rollout.strategy is Strategy.ALL_AT_ONCE:
        yield "all_at_once: a new release takes all traffic before it has shown anything"
    elif time := evidence_time(config):
        yield str(time)
        if not time.fits:
            yield f"the trial ends before its evidence; then on_inconclusive: {config.rollout.on_inconclusive}"
        elif time.least_s > config.rollout.bake_s:
            yield "bake is shorter than the evidence takes, so the evidence decides when it ends"
    if not expects_labels(config):
        why = (
            "labels.sources is empty" if not config.monitor.labels.sources else "its guard is null"
        )
        yield f"no quality guard: {why}; failures and latency are watched"
    if config.compute.max_instances is not None and _may_be_a_function(config):
        yield (
            "compute.max_instances has no effect on a function: compute.reserved bounds its "
            f"instances, door.rate_per_s ({config.door.rate_per_s:g}) its requests"
        )
    if config.compute.snap_start:
        yield (
            "snap_start: what a transform draws by chance while it is imported is the same in every "
            "instance, and a secret's value is in the snapshot, encrypted, until the next release"
        )
    if config.network.vpc is not None:
        yield (
            f"network: from {config.network.vpc} a model is read through a gateway endpoint for S3 "
            "or a NAT; without one no instance starts"
        )


def _may_be_a_function(config: ModelConfig) -> bool:
    compute = config.compute
    if config.target is Target.AUTO:
        return not (compute.gpu or compute.instance_type or compute.min_instances)
    return config.target is Target.LAMBDA
