"""A release's digest is that of everything which can change an answer; it alone makes a version.

All other keys of a config are policy, or change in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ladle import digest
from ladle.catalog import Tracing
from ladle.planning.service_spec import ServiceSpec


def release_digest(spec: ServiceSpec) -> str:
    return str(digest.of_json(release_content(spec)))


def release_content(spec: ServiceSpec) -> Mapping[str, Any]:
    """What the digest is made of; a key more here makes a new version of every model."""
    traced = {} if spec.tracing is Tracing.NONE else {"tracing": spec.tracing}
    return {
        "model": spec.model_digest,
        "code": spec.code_digest,
        "type": spec.type,
        "target": spec.target,
        "packaging": spec.packaging,
        "model_in": spec.model_in,
        "runtime": spec.runtime,
        "python": spec.python,
        "arch": spec.arch,
        "transform": spec.transform,
        "signature": spec.signature.to_json(),
        "compute": {
            "memory_mb": spec.compute.memory_mb,
            "timeout_s": spec.compute.timeout_s,
            "gpu": spec.compute.gpu,
            "instance_type": spec.compute.instance_type,
            **({"snap_start": True} if spec.compute.snap_start else {}),
        },
        "env": dict(spec.env),
        "secrets": dict(spec.secrets),
        "network": dict(spec.network),
        "capture": dict(spec.capture),
        "monitor": {
            "key": spec.monitor.key,
            "segments": list(spec.monitor.segments),
            "window_s": spec.monitor.window_s,
        },
        **traced,  # a version keeps what its function was set to
        **({"base": spec.base} if spec.base else {}),  # the same model elsewhere is another release
    }
