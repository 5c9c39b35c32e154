"""Where ``tracing: otlp`` sends a model's spans decides what its role may and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ladle.catalog import Tracing
from ladle.cloudwatch_traces import SERVICE, region_of
from ladle.config.tracing_checks import ENDPOINTS
from ladle.planning.grant import Grant, Thing, allow
from ladle.planning.service_spec import ServiceSpec

SPAN_BYTES = 1500  # as CloudWatch keeps one, with what it is of: a guess


def spans_to(spec: ServiceSpec) -> str | None:
    """The host alone: a path may hold a key."""
    if spec.tracing is not Tracing.OTLP:
        return None
    name = _said_by(spec)
    return urlsplit(spec.env[name]).netloc if name in spec.env else f"where the secret {name} says"


def go_to_cloudwatch(spec: ServiceSpec) -> bool:
    """An address that only a secret says is nobody's as far as a plan goes."""
    said = spec.tracing is Tracing.OTLP and spec.env.get(_said_by(spec))
    return bool(said and region_of(said))


def span_grants(spec: ServiceSpec) -> Iterator[Grant]:
    """A collector asks AWS for nothing."""
    if go_to_cloudwatch(spec):
        spans = Thing("*", "spans")  # which have no ARN
        yield allow(SERVICE, ["PutSpans", "PutSpansForIndexing"], spans)


def _said_by(spec: ServiceSpec) -> str:
    return next(name for name in ENDPOINTS if name in spec.env or name in spec.secrets)
