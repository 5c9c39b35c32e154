"""A ServiceSpec to start from, made the way that every one is made: from a config."""

from __future__ import annotations

from typing import Any

from ladle.catalog import Packaging
from ladle.config.parse import parse
from ladle.config.schema import ModelConfig
from ladle.experiments.manifest import Signature, TensorSpec
from ladle.planning.resolve import ModelContent, resolve
from ladle.planning.service_spec import ServiceSpec

CODE = "sha256:" + "c" * 64
MODEL = "sha256:" + "a" * 64
SIGNATURE = Signature(
    (TensorSpec("X", "float", (None, 4)),), (TensorSpec("label", "int64", (None,)),)
)

TO_CLOUDWATCH = (
    "tracing: otlp\nenv: {OTEL_EXPORTER_OTLP_ENDPOINT: 'https://xray.eu-west-1.amazonaws.com'}\n"
)
OTLP = "tracing: otlp\nenv: {OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com'}\n"


def config_of(text: str) -> ModelConfig:
    config = parse(text.encode(), "model.yaml").config
    assert config is not None
    return config


def content(**changes: Any) -> ModelContent:
    fields: dict[str, Any] = {
        "digest": MODEL,
        "file_name": "model.onnx",
        "bytes": 518,
        "signature": SIGNATURE,
        "experiment_id": None,
        "locator": None,
        "path": "model_packages/fraud/model.onnx",
    }
    return ModelContent(**{**fields, **changes})


def spec_of(
    text: str = "name: fraud\nmodel: model.onnx\ntype: classification\n",
    packaging: Packaging = Packaging.IMAGE,
    code: str = CODE,
    **changes: Any,
) -> ServiceSpec:
    return resolve(config_of(text), content(**changes), packaging, code, "model_packages/fraud")
