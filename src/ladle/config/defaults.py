"""Every default has a reason, and ``ladle plan --explain`` prints both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ladle.config.schema import ModelConfig, Settings, Strict

REASONS: dict[str, str] = {
    "model_in": "a new model then needs no new image",
    "target": "the first rule that matches decides; the plan says which",
    "auto.gpu_on": "SageMaker brings machines and their drivers; ECS costs less per hour and is yours to run",
    "auto.model_mb": "init has ten seconds, in which a function reads as much from S3",
    "auto.peak_mb": "functions have no more memory",
    "auto.busy_share": "a machine that is cheaper by a hair is not worth its idle nights",
    "api": "an answer to each request is what most models are asked for",
    "packaging": "images start as fast as zips and hold ten gigabytes; the embedded AWS runs zips "
    "without Docker",
    "runtime": "an upgrade of Ladle changes no deployed model by itself",
    "python": "the newest that all serving wheels are proven with; the embedded AWS takes the host's",
    "arch": "every wheel exists for it",
    "transform": "ONNX models often need none",
    "requirements": "only code of your own can need packages",
    "compute.memory_mb": "one whole vCPU; below it a request shares one",
    "compute.timeout_s": "as long as the HTTP API waits",
    "compute.gpu": "small models answer in milliseconds without one",
    "compute.instance_type": "the first machine that has what the model needs; functions have none",
    "compute.spot": "serving should not be taken away",
    "compute.min_instances": "an unused model costs nothing",
    "compute.max_instances": "a function is bound by its account, a service of tasks by four times its least",
    "compute.warm": "a cold start now and then is cheaper than an instance that waits",
    "compute.snap_start": "an image, the default, has no snapshot; secrets' values would be in it",
    "compute.reserved": "a new account's quota refuses any reservation",
    "door.auth": "nobody can call who was not allowed to",
    "door.url": "it limits the rate, which a function's own URL cannot",
    "door.issuer": "only auth: jwt needs it",
    "door.audience": "only auth: jwt needs it",
    "door.domain": "AWS gives an address",
    "door.certificate": "only a domain needs it",
    "door.cors": "no web page can call with its visitor's rights",
    "door.rate_per_s": "a runaway caller is stopped before the bill is",
    "door.quota_per_day": "the rate is limited already",
    "door.public_acknowledged_by": "only auth: none needs it",
    "door.unlimited_acknowledged_by": "only a function's own URL needs it, or compute.reserved",
    "traffic.expected_per_day": "a guess to compute with; the plan says what follows from it",
    "traffic.peak_per_s": "not needed on a target that scales by itself",
    "traffic.p99_ms": "not every model has a promise to keep",
    "traffic.payload_mb": "rows of numbers are far below any limit",
    "rollout.strategy": "a bad model should meet few requests",
    "rollout.canary_percent": "nine of ten requests are safe while the candidate is tried",
    "rollout.bake": "most failures show within an hour",
    "rollout.min_requests": "fewer show nothing: 200 healthy answers bound the failure rate at 1.5%",
    "rollout.min_labels": "fewer say little about accuracy",
    "rollout.promote": "proving a healthy model not worse can take more traffic than there is",
    "rollout.max": "a trial ends while its commit is remembered",
    "rollout.on_inconclusive": "without a verdict a person decides",
    "rollout.holdback_percent": "enough of the old release to compare with, little enough to lose",
    "rollout.holdback": "labels and daily patterns come late",
    "rollout.false_rollback_rate": "one healthy release in a hundred may be rolled back wrongly",
    "monitor.key": "where the serving runtime puts a classifier's answer",
    "monitor.segments": "each one needs its own evidence, and so more traffic",
    "monitor.window": "alarms of AWS look once a minute",
    "monitor.dashboard": "three a month are free for an account, each further one costs 3 USD",
    "monitor.guards.failures.worse_than": "a fifth more failures is within what days differ by",
    "monitor.guards.failures.fine_below": "one failure in two hundred is fine whatever the ratio says",
    "monitor.guards.latency.worse_than": "a fifth more slow answers is within what days differ by",
    "monitor.guards.latency.fine_below": "what is fast enough only you know",
    "monitor.guards.accuracy.worse_by": "half a point is less than most people would notice",
    "monitor.guards.accuracy.worse_than": "worse_by holds",
    "monitor.guards.accuracy.fine_below": "what is right often enough only you know",
    "monitor.guards.error.worse_by": "worse_than holds",
    "monitor.guards.error.worse_than": "a twentieth more error is less than most people would notice",
    "monitor.labels.sources": "who may say what was true only you know; none: no quality guard",
    "monitor.labels.accept": "most labels come within a month",
    "capture.enabled": "inputs may be personal data",
    "capture.classify": "which fields may be known only you know",
    "notify": "only you know who cares",
    "env": "the model needs none",
    "secrets": "the model needs none",
    "network.vpc": "the model calls nothing",
    "network.subnets": "the model calls nothing",
    "network.security_groups": "the model calls nothing",
    "tracing": "the model's own log has a line for each request; traces cost by the million",
    "logs.retention": "long enough to look into an incident, short enough to cost little",
    "tags": "your account's own rules say which",
    "cost.monthly_cap_usd": "only you know the budget",
    "cost.idle_ttl": "an unused function costs nothing",
    "cost.action": "money is no reason to stop answering without asking",
    "cost.grace": "somebody must have the time to say no, on a weekend too",
    "cost.production_stop_acknowledged_by": "only action: stop needs it",
    "environments": "one place of deployment needs no overrides",
}


@dataclass(frozen=True, slots=True)
class Default:
    """``written`` is how the value would stand in a config; ``is_set`` says that yours has the key."""

    key: str
    written: str
    meaning: str
    reason: str
    is_set: bool = False


def defaults(config: ModelConfig | None = None) -> Iterator[Default]:
    """Every key that has a default, in the order of the schema."""
    yield from _defaults(ModelConfig, config, "")


def _defaults(section: type[Strict], config: Strict | None, prefix: str) -> Iterator[Default]:
    order = [*Settings.model_fields] if section is ModelConfig else []
    names = [*order, *(n for n in section.model_fields if n not in order)]
    for name in names:
        field = section.model_fields[name]
        if field.is_required():
            continue
        key = f"{prefix}{field.alias or name}"
        below = getattr(config, name) if config is not None else None
        if isinstance(field.default, Strict):
            inside = below if isinstance(below, Strict) else None
            yield from _defaults(type(field.default), inside, f"{key}.")
            continue
        is_set = config is not None and name in config.model_fields_set
        meaning = str(field.description)
        yield Default(key, _written(field.default), meaning, REASONS.get(key, ""), is_set)


def _written(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return f"{value:g}"
    if value in ((), {}):
        return "[]" if value == () else "{}"
    return str(value)
