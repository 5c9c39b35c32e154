"""What cdk-nag finds at a door, with the reason why it stays."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.catalog import DoorAuth, DoorKind, Tracing
from ladle.planning.door_resources import INTAKE_ROUTES, predict_routes, route_ids
from ladle.planning.service_spec import ServiceSpec

Row = tuple[str, tuple[str, ...], str]
_LINES = "the model's own log has a line for each request"
_HTTP_API: tuple[Row, ...] = (
    ("AwsSolutions-APIG1", ("DoorStage",), _LINES),
    ("Serverless-APIGWAccessLogging", ("DoorStage",), _LINES),
)
_REST_API: tuple[Row, ...] = (
    ("AwsSolutions-APIG1", ("DoorStage",), _LINES),
    ("AwsSolutions-APIG6", ("DoorStage",), _LINES),
    ("Serverless-APIGWAccessLogging", ("DoorStage",), _LINES),
    ("NIST.800.53.R5-APIGWExecutionLoggingEnabled", ("DoorStage",), _LINES),
    ("AwsSolutions-APIG2", ("Door",), "the model checks each request against its signature"),
    ("AwsSolutions-APIG3", ("DoorStage",), "callers are known by key or signature, and throttled"),
    ("NIST.800.53.R5-APIGWAssociatedWithWAF", ("DoorStage",), "callers are known, and throttled"),
    ("NIST.800.53.R5-APIGWCacheEnabledAndEncrypted", ("DoorStage",), "each request is its own"),
    ("NIST.800.53.R5-APIGWSSLEnabled", ("DoorStage",), "what stands behind it is AWS's own"),
)
_ROWS: dict[DoorKind, tuple[Row, ...]] = {
    DoorKind.HTTP_API: _HTTP_API,
    DoorKind.REST_API: _REST_API,
    DoorKind.FUNCTION_URL: _HTTP_API,
}


def accepted(spec: ServiceSpec) -> Iterator[Row]:
    """Of the door, and of its being open to anyone, for which somebody answers."""
    kind = spec.door.kind
    left = ("DoorStage",) if kind is DoorKind.REST_API and spec.left is not None else ()
    yield from (row for row in _ROWS[kind] if row[1] != left)
    if kind is DoorKind.REST_API and spec.tracing is not Tracing.XRAY and not left:
        yield "Serverless-APIGWXrayEnabled", ("DoorStage",), _TRACED
    if spec.door.auth is not DoorAuth.NONE:
        return
    answers = f"{spec.door.public_acknowledged_by} answers for it"
    routes = list(route_ids("Feedback", INTAKE_ROUTES))
    if kind is DoorKind.HTTP_API:
        routes += route_ids("Predict", predict_routes(spec))
    if kind is not DoorKind.REST_API:
        yield "AwsSolutions-APIG4", tuple(id_ for id_, _ in routes), answers
    if kind is DoorKind.FUNCTION_URL:
        opened = ("UrlByAnyone", "PredictByAnyone")
        yield "NIST.800.53.R5-LambdaFunctionPublicAccessProhibited", opened, answers


_TRACED = "a trace of each request is the team's to pay for"
