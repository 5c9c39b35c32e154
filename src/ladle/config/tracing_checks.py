"""Spans of ``tracing: otlp`` go where the standard variables say, and these say so whole."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ladle.catalog import Tracing
from ladle.config.document import Path
from ladle.config.mistake import Mistake
from ladle.config.schema import ModelConfig

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")  # first wins
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL = "http/protobuf"


def spans_go_somewhere(config: ModelConfig) -> Iterator[Mistake]:
    if config.tracing is not Tracing.OTLP:
        return
    tracing: Path = ("tracing",)
    if not any(name in config.env or name in config.secrets for name in ENDPOINTS):
        what = "tracing: otlp does not say where spans go"
        fix = f"add env: {{{ENDPOINTS[-1]}: 'https://collector.example.com:4318'}}"
        yield Mistake(tracing, "LD149", what, fix, (tracing, ("env",)))
    for name, value in config.env.items():
        path: Path = ("env", name)
        if name in ENDPOINTS and not _is_address(value):
            what = f"env.{name} is no address that spans can be sent to"
            fix = "write it as in https://collector.example.com:4318"
            yield Mistake(path, "LD149", what, fix, (path, tracing))
        elif name in _HEADERS:
            what = f"env.{name} would show the collector's key to whoever reads the config"
            fix = f"keep it as a secret: secrets: {{{name}: 'secretsmanager:NAME'}}"
            yield Mistake(path, "LD149", what, fix, (path, tracing))
        elif name in _PROTOCOLS and value != _PROTOCOL:
            what = f"env.{name} is {value[:20]}, and spans leave as {_PROTOCOL} only"
            yield Mistake(path, "LD149", what, "remove it, or write http/protobuf", (path, tracing))


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False
