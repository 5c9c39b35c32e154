"""The environment of a serving process is computed from its ServiceSpec, here and nowhere else."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from ladle.catalog import BACKENDS, Tracing
from ladle.planning.service_spec import ServiceSpec

MB_PER_VCPU = 1769  # Lambda gives one vCPU per 1,769 MB of memory


def inference_threads(memory_mb: int) -> int:
    """As many as there are whole vCPUs; a second thread on a shared one only costs."""
    return max(1, memory_mb // MB_PER_VCPU)


def backend_of(file_name: str) -> str | None:
    """The row of the catalogue that loads a model file, by its ending; None when there is none."""
    ending = PurePosixPath(file_name).suffix.removeprefix(".").lower()
    return ending if ending in BACKENDS else None


def serving_json(spec: ServiceSpec, vcpus: int | None = None) -> str:
    """``LADLE_SPEC``: what the process must know and neither another variable nor the model says.

    Not the signature: all of a function's environment has 4 KB, and the model states its own.
    ``vcpus`` are those of a machine of its own, which comes whole, whatever memory is asked for.
    """
    return json.dumps(
        {
            "type": spec.type,
            "backend": backend_of(spec.source.file_name),
            "key": spec.monitor.key,
            **({"segments": spec.monitor.segments} if spec.monitor.segments else {}),
            "window_s": spec.monitor.window_s,
            "transform": spec.transform,
            "threads": vcpus or inference_threads(spec.compute.memory_mb),
            **({"tracing": spec.tracing} if spec.tracing is Tracing.OTLP else {}),
            **({"capture": dict(spec.capture)} if spec.capture else {}),
        },
        separators=(",", ":"),
        sort_keys=True,
    )


def secrets_environment(spec: ServiceSpec) -> dict[str, str]:
    """``LADLE_SECRETS``: references only, as the config has them."""
    if not spec.secrets:
        return {}
    written = json.dumps(dict(spec.secrets), separators=(",", ":"), sort_keys=True)
    return {"LADLE_SECRETS": written}
