"""A config, a model's content and a cloud leave one ServiceSpec: every question answered once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ladle.catalog import CostAction, DoorKind, ModelIn, Packaging, Target
from ladle.config.doors import choose_door
from ladle.config.evidence import expects_labels, quality_guard
from ladle.config.schema import AccuracyGuard, ErrorGuard, ModelConfig
from ladle.errors import LadleError
from ladle.experiments.manifest import Locator, Signature
from ladle.planning.captured import refuse_unknown
from ladle.planning.digests import release_digest
from ladle.planning.locking import choose_target
from ladle.planning.pinned_object import PinnedObject
from ladle.planning.service_spec import Ceilings, Compute, Door, ModelSource, Monitor, ServiceSpec
from ladle.policy.lock import Lock
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.stopping import StopPolicy
from ladle.targets.sizes import Measured, Size, size_of


class Cloud(StrEnum):
    """What a deploy goes to. Which Python runs a zip on the embedded AWS is its own matter: a
    release is the same release on both.
    """

    AWS = "aws"
    EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class ModelContent:
    """The model that will serve. ``locator``: in the store; ``path``: a file of the repository."""

    digest: str
    file_name: str
    bytes: int
    signature: Signature
    experiment_id: str | None
    locator: Locator | None
    path: str | None
    measured: Measured | None = None
    object: PinnedObject | None = None

    @property
    def size(self) -> Size:
        return size_of(self.bytes, self.digest, self.measured)


def choose_packaging(
    config: ModelConfig, cloud: Cloud, target: Target = Target.LAMBDA, kept: Lock | None = None
) -> Packaging:
    """Known before the code is read, since an image has other code than a zip."""
    if target is not Target.LAMBDA or config.model_in is ModelIn.IMAGE:
        return Packaging.IMAGE
    if config.packaging is not Packaging.AUTO:
        return config.packaging
    if kept is not None and kept.target is target:
        return kept.packaging
    return Packaging.ZIP if cloud is Cloud.EMBEDDED else Packaging.IMAGE


def refuse_embedded(specs: Sequence[ServiceSpec]) -> None:
    """Raises LD230 for the first model whose target the embedded AWS does not have."""
    for spec in specs:
        if spec.target is not Target.LAMBDA:
            raise LadleError(
                "LD230",
                f"{spec.model} runs on {spec.target}, and the embedded AWS has functions only",
                "write target: lambda for what the laptop deploys, in an environment of its own; or "
                "set LADLE_WORKSPACE to aws://account/region",
            )


def resolve(
    config: ModelConfig,
    content: ModelContent,
    packaging: Packaging,
    code_digest: str,
    folder: str,
    kept: Lock | None = None,
) -> ServiceSpec:
    """``config`` is already that of its environment, ``kept`` what earlier releases say. Raises LD902,
    LD203, LD135, LD151 or LD140 for what cannot be built.
    """
    target = choose_target(config, content.size, kept)
    _refuse_in_image(config, content, target.target)
    refuse_unknown(config, content.signature)
    spec = ServiceSpec(
        **_as_written(config),
        target=target.target,
        target_reason=target.reason,
        packaging=packaging,
        folder=folder,
        signature=content.signature,
        source=ModelSource(
            content.file_name, content.bytes, content.locator, content.path, content.object
        ),
        model_digest=content.digest,
        code_digest=code_digest,
        release_digest="",
        experiment_id=content.experiment_id,
        door=_door(config, target.target, kept.door if kept else None),
        monitor=_monitor(config, content.signature),
        policy=rollout_policy(config),
        measured=content.measured,
        kept=kept.grants if kept else (),
        base=kept.base if kept else 0,
        logs=kept.logs if kept else 0,
    )
    return replace(spec, release_digest=release_digest(spec))


def _as_written(config: ModelConfig) -> dict[str, Any]:
    """What neither the model nor a target changes."""
    return {
        "model": config.name,
        "type": config.type,
        "model_in": config.model_in,
        "runtime": config.runtime,
        "python": config.python,
        "arch": config.arch,
        "transform": config.transform,
        "requirements": config.requirements,
        "compute": Compute(**config.compute.model_dump()),
        "env": dict(config.env),
        "secrets": dict(config.secrets),
        "log_retention_days": round(config.logs.retention_s / 86400),
        "notify": config.notify,
        "tags": dict(config.tags),
        "ceilings": Ceilings(config.cost.monthly_cap_usd, config.cost.idle_ttl_s),
        "dashboard": config.monitor.dashboard,
        "tracing": config.tracing,
        "network": _written(config.network.model_dump(mode="json")),
        "capture": config.capture.told,
    }


def _refuse_in_image(config: ModelConfig, content: ModelContent, target: Target) -> None:
    if config.model_in is not ModelIn.IMAGE:
        return
    if target is not Target.LAMBDA:
        raise LadleError(
            "LD902",
            f"{config.name}: model_in: image is not yet built for {target}, which reads the store",
            "remove it",
        )
    if content.path is None:
        raise LadleError(
            "LD237",
            f"{config.name}: the pinned model {content.file_name} is not in this checkout, and an "
            "image is built from what is",
            f"fetch it first: ladle pull {content.experiment_id}"
            if content.object is None
            else "copy it into the package and name it there: model: model.onnx",
        )


def _door(config: ModelConfig, target: Target, kept: DoorKind | None) -> Door:
    choice = choose_door(config, target, kept)
    if choice.row is None:
        raise LadleError(
            "LD140",
            f"{config.name}: no door takes this: {choice.reason}",
            "change what does not fit; docs/doors.md has the table",
        )
    return Door(
        kind=choice.row.kind,
        kind_reason=choice.reason,
        is_kept=kept is not None,
        **config.door.model_dump(),
    )


def rollout_policy(config: ModelConfig) -> RolloutPolicy:
    """What the hand-off writes into the ledger."""
    rollout = config.rollout
    return RolloutPolicy(
        strategy=rollout.strategy,
        canary_percent=rollout.canary_percent,
        bake_s=rollout.bake_s,
        min_requests=rollout.min_requests,
        min_labels=rollout.min_labels,
        promote=rollout.promote,
        max_s=rollout.max_s,
        on_inconclusive=rollout.on_inconclusive,
        holdback_percent=rollout.holdback_percent,
        holdback_s=rollout.holdback_s,
        false_rollback_rate=rollout.false_rollback_rate,
        window_s=config.monitor.window_s,
        labels_expected=expects_labels(config),
        label_sources=config.monitor.labels.sources,
        labels_accept_s=config.monitor.labels.accept_s,
        stop=_stop(config),
        guards=_guards(config),
    )


def _stop(config: ModelConfig) -> StopPolicy | None:
    cost = config.cost
    signed_by = cost.production_stop_acknowledged_by
    if cost.action is not CostAction.STOP or signed_by is None:
        return None
    capped = cost.monthly_cap_usd is not None
    return StopPolicy(signed_by, cost.grace_s, capped, cost.idle_ttl_s)


def _guards(config: ModelConfig) -> tuple[Guard, ...]:
    guards, found = config.monitor.guards, []
    if failures := guards.failures:
        found.append(
            Guard(
                GuardName.FAILURES,
                worse_than=failures.worse_than,
                fine_below=failures.fine_below,
            )
        )
    if latency := guards.latency:
        found.append(
            Guard(GuardName.LATENCY, worse_than=latency.worse_than, fine_below=latency.fine_below)
        )
    quality = quality_guard(config) if expects_labels(config) else None
    if isinstance(quality, AccuracyGuard):
        by = None if quality.worse_than is not None else quality.worse_by
        accuracy = GuardName.ACCURACY
        found.append(Guard(accuracy, quality.worse_than, by, fine_below=quality.fine_below))
    elif isinstance(quality, ErrorGuard):
        than = None if quality.worse_by is not None else quality.worse_than
        found.append(Guard(GuardName.ERROR, than, quality.worse_by))
    return tuple(found)


def _monitor(config: ModelConfig, signature: Signature) -> Monitor:
    monitor, inputs = config.monitor, [spec.name for spec in signature.inputs]
    unknown = [name for name in monitor.segments if name not in inputs]
    if unknown and config.transform is None:  # a transform may state inputs of its own
        raise LadleError(
            "LD135",
            f"{config.name}: monitor.segments names {', '.join(unknown)}, which is no input",
            f"name one of its inputs: {', '.join(inputs)}",
        )
    return Monitor(
        key=monitor.key,
        segments=monitor.segments,
        window_s=monitor.window_s,
        label_sources=monitor.labels.sources,
        labels_accept_s=monitor.labels.accept_s,
    )


def _written(section: dict[str, object]) -> dict[str, object]:
    """Only what is set: an empty section is an empty mapping."""
    return {k: v for k, v in section.items() if v}
