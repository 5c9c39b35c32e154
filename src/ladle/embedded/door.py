"""The front door of the embedded AWS: HTTP in, an invocation of the version that the alias's own
weights draw, HTTP out. The function is the one that the model's HTTP API leads to. It routes since the
emulator does not, and says so at ``GET /``.
"""

from __future__ import annotations

import argparse
import base64
import logging
import random
import secrets
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as WebRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ladle import names
from ladle.aws.function_home import FunctionHome
from ladle.aws.functions import Functions, Invoked
from ladle.aws.platform_signals import Outcome, PlatformSignals
from ladle.aws.session import AwsSession
from ladle.aws.traffic.lambda_function import LambdaAliasRouter
from ladle.disk.clock import SystemClock
from ladle.embedded.failure_lines import failure_line
from ladle.embedded.http_event import Request, from_result, to_event
from ladle.embedded.live_function import LiveFunctions
from ladle.embedded.routing import choose
from ladle.errors import LadleError, NotFound
from ladle.policy.traffic import Traffic

_LOG = logging.getLogger(__name__)
ALIAS_SECONDS = 0.2  # how old a read of the alias may be; AWS takes longer to spread a change
FLUSH_SECONDS = 1.0
ABOUT = (
    "The front door of Ladle's embedded AWS. It checks no signature (the header Ladle-Principal "
    "names the caller) and draws each request's release by the alias's weights, which it reads "
    "from the emulator: POST /<model>/predict, POST /<model>/feedback."
)


@dataclass(frozen=True, slots=True)
class _Alias:
    """Of the home with this base, as it was read."""

    read_at: float
    base: int
    traffic: Traffic


class Door:
    """Answers one request at a time from any number of threads."""

    def __init__(self, session: AwsSession, draws: random.Random) -> None:
        self._account = session.account
        self._functions = Functions(session.lambda_)
        self._live = LiveFunctions(session)
        self._client = session.lambda_
        self._signals = PlatformSignals(session.logs, session.cloudwatch)
        self._clock = SystemClock()
        self._draws = draws
        self._aliases: dict[str, _Alias] = {}
        self._seen: Counter[Outcome] = Counter()
        self._lock = threading.Lock()

    def answer(self, model: str, request: Request) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; a platform failure becomes 502 and is counted."""
        event = to_event(request, self._account)
        if request.path == "/feedback":
            event["rawPath"] = f"/{model}/feedback"
            event["pathParameters"] = {"model": model}
            return _to_http(self._functions.invoke(names.INTAKE_FUNCTION, event))
        alias = self._alias(model)
        base, home = alias.base, FunctionHome(alias.base)
        release = choose(alias.traffic, self._draws.random())
        invoked = self._functions.invoke(home.function(model), event, home.version(release))
        with self._lock:
            self._seen[Outcome(model, release, int(invoked.error is not None), base)] += 1
        line = failure_line(invoked, request.request_id) if invoked.error is not None else None
        if line is not None:
            self._signals.failure_line(model, release, line, self._clock.now(), base)
        return _to_http(invoked)

    def flush(self) -> None:
        """Sends what was counted since the last flush to CloudWatch."""
        with self._lock:
            seen, self._seen = self._seen, Counter()
        self._signals.errors(seen)

    def _alias(self, model: str) -> _Alias:
        now, known = self._clock.now(), self._aliases.get(model)
        if known is not None and now - known.read_at <= ALIAS_SECONDS:
            return known
        base = self._live.base(model)
        observed = LambdaAliasRouter(lambda _model: self._client, base).read(model)
        if observed is None:
            raise NotFound("LD250", f"{model} has no release", f"deploy it: ladle deploy {model}")
        self._aliases[model] = _Alias(now, base, observed.traffic)
        return self._aliases[model]


def _to_http(invoked: Invoked) -> tuple[int, dict[str, str], bytes]:
    if invoked.error is not None:
        body = b'{"type":"about:blank","title":"the function failed","status":502,"code":"LD402"}'
        return 502, {"content-type": "application/problem+json"}, body
    return from_result(invoked.payload)


def application(door: Door) -> Starlette:
    async def about(_: WebRequest) -> Response:
        return JSONResponse({"schema": 1, "about": ABOUT})

    async def model_route(web: WebRequest) -> Response:
        request = Request(
            method=web.method,
            path="/" + web.path_params["path"],
            query=web.url.query,
            headers={k.lower(): v for k, v in web.headers.items()},
            body=await web.body(),
            client=web.client.host if web.client else "127.0.0.1",
            request_id=base64.urlsafe_b64encode(secrets.token_bytes(12)).decode(),
            at=SystemClock().now(),
        )
        try:
            status, headers, body = await run_in_threadpool(
                door.answer, web.path_params["model"], request
            )
        except LadleError as error:
            status = 404 if isinstance(error, NotFound) else 503
            problem = {"title": error.finding.what, "status": status, "code": error.code}
            return JSONResponse(problem, status, media_type="application/problem+json")
        return Response(body, status, headers)

    methods = ["GET", "POST"]
    return Starlette(
        routes=[Route("/", about), Route("/{model}/{path:path}", model_route, methods=methods)]
    )


def _flush_for_ever(door: Door) -> None:
    clock = SystemClock()
    while True:
        clock.sleep(FLUSH_SECONDS)
        try:
            door.flush()
        except Exception:  # noqa: BLE001 - whatever it was, the door must stay open
            _LOG.exception("a second of error metrics was not sent")


def main() -> None:
    """``python -m ladle.embedded.door --endpoint URL --region R --port N``."""
    parser = argparse.ArgumentParser(prog=Path(__file__).stem, description=ABOUT)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    session = AwsSession(options.region, options.endpoint, embedded=True)
    door = Door(session, random.Random())
    threading.Thread(target=_flush_for_ever, args=(door,), daemon=True).start()
    uvicorn.run(
        application(door),
        host="127.0.0.1",
        port=options.port,
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
