"""What a deploy changes without a release has a digest for each section of it, written into the stack.

``ladle plan`` compares those of the stack that is deployed with those of what is wanted. A model's
config says all of it, so no section knows of another resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ladle import digest
from ladle.catalog import Target
from ladle.planning.service_spec import ServiceSpec

OUTPUT = "Settings"  # of a model's stack
DIGITS = 8

Settings = Mapping[str, str]  # by section, its digest

WORDS = {
    "door": "the door",
    "compute": "how many answer",
    "labels": "who may send labels, and for how long",
    "logs": "how long logs are kept",
    "notify": "who is told",
    "tags": "tags",
    "cost": "ceilings of cost",
    "dashboard": "the dashboard",
    "source": "where the model's bytes come from",
    "move": "what it moves away from",
}

# Fields of a spec that no section has, and no release's digest either.
OUTSIDE = {
    "model": "the stack's own name",
    "target_reason": "words",
    "folder": "a path of this machine",
    "requirements": "what it names is part of the code's digest",
    "release_digest": "the release's digest itself",
    "policy": "compared with what the ledger has",
    "built_with": "the code's digest is its",
    "kept": "what the ledger says of earlier releases, whatever is written",
    "logs": "as it was when the model moved",
    "measured": "counted in compute, where it decides how many answer",
    "door.kind_reason": "words",
    "door.is_kept": "the kind is what counts",
    "source.bytes": "the model's digest is of them",
    "source.path": "a path of this machine",
    "source.object.etag": "the version is what is read",
    "source.object.digest": "the model's digest",
    "source.object.bytes": "the model's digest is of them",
    "source.object.signature": "part of the release's digest",
    "left.resources": "as they were deployed when the move began",
}


def settings_of(spec: ServiceSpec) -> Settings:
    return {name: digest.of_json(part).hex[:DIGITS] for name, part in _sections(spec).items()}


def written(settings: Settings) -> str:
    """As the stack's output has them."""
    return " ".join(f"{name}={short}" for name, short in settings.items())


def read(text: str) -> Settings:
    """What another Ladle wrote may have other sections."""
    return {name: short for name, _, short in (word.partition("=") for word in text.split())}


def changed(wanted: ServiceSpec, deployed: Settings) -> tuple[str, ...]:
    """The sections that a deploy would change; what was deployed without a digest cannot be told."""
    now = settings_of(wanted)
    return tuple(name for name in now if name in deployed and now[name] != deployed[name])


def words(sections: Iterable[str]) -> str:
    return ", ".join(WORDS[name] for name in sections)


def _sections(spec: ServiceSpec) -> Mapping[str, Any]:
    return {
        "door": _without(asdict(spec.door), "kind_reason", "is_kept"),
        "compute": _compute(spec),
        "labels": [spec.monitor.label_sources, spec.monitor.labels_accept_s],
        "logs": spec.log_retention_days,
        "notify": spec.notify,
        "tags": dict(spec.tags),
        "cost": asdict(spec.ceilings),
        "dashboard": spec.dashboard,
        "source": _source(spec),
        "move": asdict(spec.left.home) if spec.left else None,
    }


def _compute(spec: ServiceSpec) -> Mapping[str, Any]:
    """A function is as many as are asked for, however long an answer takes."""
    compute = spec.compute
    speed_ms = None if spec.target is Target.LAMBDA else spec.size.answer_ms
    return {
        "spot": compute.spot,
        "min_instances": compute.min_instances,
        "max_instances": compute.max_instances,
        "warm": compute.warm,
        "reserved": compute.reserved,
        "answer_ms": speed_ms,
    }


def _source(spec: ServiceSpec) -> Mapping[str, Any]:
    found, pinned = spec.source, spec.source.object
    return {
        "experiment": spec.experiment_id,
        "file_name": found.file_name,
        "locator": asdict(found.locator) if found.locator else None,
        "object": [pinned.address, pinned.version_id, pinned.kms_key] if pinned else None,
    }


def _without(fields: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}
