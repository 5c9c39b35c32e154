"""Manifests for tests of what is said about them: only what a test names is not the same in all."""

from __future__ import annotations

from typing import Any

from ladle import digest
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
    Signature,
)


def data(name: str, content: str = "") -> DataInput:
    return DataInput(name, str(digest.of_bytes((content or name).encode())), len(content))


def artefact(content: str) -> ModelArtefact:
    signature = Signature((), ())
    return ModelArtefact("model.onnx", data("m", content).digest, len(content), "onnx", signature)


def manifest(**changes: Any) -> Manifest:
    whole: dict[str, Any] = {
        "model": "digits",
        "outcome": "succeeded",
        "created_at": "2026-11-23T09:00:00.000Z",
        "actor": "Ada",
        "previous": None,
        "data": (),
        "code": Code("a" * 40, dirty=False, patch=None, argv=("python", "train.py")),
        "params": {},
        "environment": Environment("3.11.2", "linux", data("lock").digest),
        "metrics": {},
        "artefact": None,
        "exit_status": 0,
    }
    return Manifest(**{**whole, **changes})


def recorded(sequence: int = 1, **changes: Any) -> RecordedExperiment:
    return RecordedExperiment(manifest(**changes), {}, sequence)
