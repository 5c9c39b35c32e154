"""Every route but the hot one, and that one too where there is no Lambda: FastAPI, loaded on first need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import fastapi
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from ladle_runtime.serving import hot_route
from ladle_runtime.serving.answer import Answer, refusal
from ladle_runtime.serving.codecs.inference_v2 import EXTENSIONS
from ladle_runtime.serving.codecs.v2_tensors import DATATYPES
from ladle_runtime.serving.openapi import feedback_operation, infer_operation, predict_operation
from ladle_runtime.serving.page import PAGE
from ladle_runtime.serving.prediction_routes import Choose, prediction_routes
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.settings import MAX_BODY_BYTES, RUNTIME

Feedback = Callable[[bytes], Answer]


def build_app(service: Service, feedback: Feedback | None = None) -> fastapi.FastAPI:
    """``feedback`` answers ``/feedback`` in process; on AWS the door leads that path to the intake."""
    settings = service.settings
    app = fastapi.FastAPI(
        title=settings.model,
        version=str(settings.release),
        summary="A model served by Ladle.",
        docs_url=None,  # FastAPI's own page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat what was asked
    )
    app.include_router(_about(service))
    app.include_router(_predicting(service))
    app.include_router(_inference_v2(service), prefix="/v2")
    if feedback is not None:
        app.include_router(_feedback(feedback))
        app.add_api_route("/", _page, include_in_schema=False)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(Exception, _failure)
    return app


def _about(service: Service) -> fastapi.APIRouter:
    router, settings = fastapi.APIRouter(), service.settings

    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    async def metadata() -> dict[str, Any]:
        return {
            "model": settings.model,
            "release": settings.release,
            "release_digest": settings.release_digest,
            "type": settings.type,
            "inputs": _tensors(service, "inputs"),
            "outputs": _tensors(service, "outputs"),
            "runtime": RUNTIME,
            "graph": service.graph,
        }

    router.add_api_route("/healthz", healthz)
    router.add_api_route("/ping", healthz)
    router.add_api_route("/metadata", metadata)
    router.add_api_route("/docs", _page, include_in_schema=False)
    return router


def _predicting(service: Service) -> fastapi.APIRouter:
    """Every contract: a route of the table, described by its own form of the body."""
    router, settings = fastapi.APIRouter(), service.settings
    for path, choose in prediction_routes(settings.model, settings.release).items():
        describe = infer_operation if path.startswith("/v2") else predict_operation
        router.add_api_route(
            path,
            _predict(service, choose),
            methods=["POST"],
            openapi_extra=describe(service.inputs, service.signature.outputs),
        )
    return router


def _predict(service: Service, choose: Choose) -> Callable[[fastapi.Request], Awaitable[Response]]:
    async def predict(request: fastapi.Request) -> Response:
        body = await _read(request)
        headers = dict(request.headers.raw)
        answered = await run_in_threadpool(hot_route.predict, body, headers, service, choose)
        return _response(answered)

    return predict


def _inference_v2(service: Service) -> fastapi.APIRouter:
    """The Open Inference Protocol, version 2."""
    router, settings = fastapi.APIRouter(), service.settings
    here = f"/models/{settings.model}"
    version = f"{here}/versions/{settings.release}"

    async def server() -> dict[str, Any]:
        return {"name": "ladle", "version": RUNTIME, "extensions": EXTENSIONS}

    async def ready() -> Response:
        return _response(hot_route.ready(service))

    async def live() -> dict[str, bool]:
        return {"live": True}

    async def model() -> dict[str, Any]:
        return {
            "name": settings.model,
            "versions": [str(settings.release)],
            "platform": f"{settings.backend}_ladle",
            "inputs": _tensors(service, "inputs", v2=True),
            "outputs": _tensors(service, "outputs", v2=True),
        }

    router.add_api_route("", server)
    router.add_api_route("/health/live", live)
    router.add_api_route("/health/ready", ready)
    for base in (here, version):
        router.add_api_route(base, model)
        router.add_api_route(f"{base}/ready", ready)
    return router


def _feedback(feedback: Feedback) -> fastapi.APIRouter:
    router = fastapi.APIRouter()

    async def take(request: fastapi.Request) -> Response:
        return _response(feedback(await _read(request)))

    router.add_api_route(
        "/feedback", take, methods=["POST"], status_code=202, openapi_extra=feedback_operation()
    )
    return router


async def _read(request: fastapi.Request) -> bytes:
    """One byte more than allowed is enough to refuse it; the rest is not read."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            break
    return bytes(content)


async def _page() -> HTMLResponse:
    return HTMLResponse(PAGE)


def _tensors(service: Service, side: str, v2: bool = False) -> list[dict[str, Any]]:
    specs = service.inputs if side == "inputs" else service.signature.outputs
    any_size = -1 if v2 else None
    return [
        {
            "name": spec.name,
            ("datatype" if v2 else "dtype"): (
                DATATYPES.get(spec.dtype, "BYTES") if v2 else spec.dtype
            ),
            "shape": [any_size if size is None else size for size in spec.shape],
            **({"missing": True} if spec.missing and not v2 else {}),
        }
        for spec in specs
    ]


def _response(answered: Answer) -> Response:
    headers = {"content-type": answered.content_type, **dict(answered.headers)}
    return Response(answered.body, answered.status, headers)


async def _no_route(_: fastapi.Request, error: Exception) -> Response:
    method = isinstance(error, HTTPException) and error.status_code == 405
    known = "see /docs for the routes"
    return _response(refusal("LD405" if method else "LD404", known))


async def _bad_request(_: fastapi.Request, __: Exception) -> Response:
    return _response(refusal("LD410", "see /docs for what this route takes"))


async def _failure(_: fastapi.Request, __: Exception) -> Response:
    return _response(refusal("LD402", "see the log"))
