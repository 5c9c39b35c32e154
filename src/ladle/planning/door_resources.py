"""What a front door is made of, whichever target stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ladle import names
from ladle.catalog import DoorAuth, DoorKind
from ladle.config.doors import row_of
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec

SERVING_ROUTES = (
    "POST /predict",
    "GET /healthz",
    "GET /metadata",
    "GET /docs",
    "GET /openapi.json",
    "GET /v2",
    "ANY /v2/{proxy+}",
    "GET /ping",
    "POST /invocations",
)
# What a service of AWS can answer without a function in between.
INVOKING_ROUTES = ("POST /predict", "POST /invocations")
# What is answered later: asked once, then looked for.
ASKING_ROUTES = (*INVOKING_ROUTES, "GET /predictions/{id}")
INTAKE_ROUTES = ("POST /feedback",)


def predict_routes(spec: ServiceSpec) -> tuple[str, ...]:
    """While a model moves either home may answer: what the one before an endpoint has not, it says so."""
    direct = spec.left is not None or not row_of(spec.door.kind, spec.target).through
    return SERVING_ROUTES if direct else INVOKING_ROUTES


def route_ids(part: str, routes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each with its id in a template, which it keeps when others go."""
    numbers = {
        route: n for every in (SERVING_ROUTES, INTAKE_ROUTES) for n, route in enumerate(every)
    }
    yield from ((f"{part}Route{numbers[route]}", route) for route in routes)


def door_resources(spec: ServiceSpec) -> Iterator[Resource]:
    yield from MADE_OF[spec.door.kind](spec)
    if spec.door.domain is not None:
        yield Resource("AWS::ApiGatewayV2::DomainName", spec.door.domain)
        yield Resource("AWS::ApiGatewayV2::ApiMapping")


def _http_api(spec: ServiceSpec) -> Iterator[Resource]:
    yield from _api(spec, (predict_routes(spec), INTAKE_ROUTES))


def _api(spec: ServiceSpec, routes_by_integration: Sequence[Sequence[str]]) -> Iterator[Resource]:
    yield Resource("AWS::ApiGatewayV2::Api", names.function(spec.model))
    yield Resource("AWS::ApiGatewayV2::Stage", "$default")
    if spec.door.auth is DoorAuth.JWT:
        yield Resource("AWS::ApiGatewayV2::Authorizer", names.function(spec.model))
    for routes in routes_by_integration:
        yield Resource("AWS::ApiGatewayV2::Integration")
        yield from (Resource("AWS::ApiGatewayV2::Route", route) for route in routes)


def _rest_api(spec: ServiceSpec) -> Iterator[Resource]:
    """All routes stand in the API's own description."""
    name = names.function(spec.model)
    yield Resource("AWS::ApiGateway::RestApi", name)
    yield Resource("AWS::ApiGateway::Deployment")
    yield Resource("AWS::ApiGateway::Stage", names.ALIAS)
    if spec.door.auth is DoorAuth.API_KEY:
        yield Resource("AWS::ApiGateway::ApiKey", name)
        yield Resource("AWS::ApiGateway::UsagePlan", name)
        yield Resource("AWS::ApiGateway::UsagePlanKey")


def _function_url(spec: ServiceSpec) -> Iterator[Resource]:
    """Labels have a door of their own: a function's own URL leads to nothing but the function."""
    yield Resource("AWS::Lambda::Url")
    if spec.door.auth is DoorAuth.NONE:
        yield from (Resource("AWS::Lambda::Permission") for _ in ("the URL", "the function"))
    yield from _api(spec, (INTAKE_ROUTES,))


MADE_OF: dict[DoorKind, Callable[[ServiceSpec], Iterator[Resource]]] = {
    DoorKind.HTTP_API: _http_api,
    DoorKind.REST_API: _rest_api,
    DoorKind.FUNCTION_URL: _function_url,
}
