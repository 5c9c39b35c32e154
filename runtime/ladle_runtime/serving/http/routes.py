"""The routes that are asked all the time, each a row of a table; all others are FastAPI's."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import orjson

from ladle_runtime.serving.answer import Answer, refusal
from ladle_runtime.serving.batching import Batcher
from ladle_runtime.serving.codecs.base import Codec
from ladle_runtime.serving.http.exchange import Exchange
from ladle_runtime.serving.http.head import Head
from ladle_runtime.serving.http.site import Limits, Phase, Site
from ladle_runtime.serving.prediction_routes import prediction_routes
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.service import Service

Handler = Callable[[Exchange], None]

_MAX_INLINE_BYTES: Final = 64 * 1024  # reading a larger body takes too long for the loop
_BUSY: Final = "try again after the seconds of Retry-After"


class HotRoutes:
    """Called with every request of a server; ``elsewhere`` takes what is no row here."""

    def __init__(
        self,
        service: Service,
        batcher: Batcher,
        threads: ThreadPoolExecutor,
        elsewhere: Handler,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
    ) -> None:
        self._service = service
        self._batcher = batcher
        self._threads = threads
        self._elsewhere = elsewhere
        self._loop = asyncio.get_running_loop()
        self.site = Site(self, limits)
        self._table = self._rows()
        settings = service.settings
        routes = prediction_routes(settings.model, settings.release)
        self._predictions = {path.encode(): choose for path, choose in routes.items()}

    def __call__(self, exchange: Exchange) -> None:
        head = exchange.head
        if head.route is None:
            head.route = self.find(head)
        head.route(exchange)

    def find(self, head: Head) -> Handler:
        """Held to be right for all requests of this head."""
        choose = self._predictions.get(head.path) if head.method == b"POST" else None
        if choose is None:
            return self._table.get((head.method, head.path), self._other)
        try:
            return partial(self._predict, choose(head.fields))
        except Refused as refused:
            return partial(self._refuse, refused.code, refused.detail)

    def _rows(self) -> Mapping[tuple[bytes, bytes], Handler]:
        settings = self._service.settings
        model = f"/v2/models/{settings.model}".encode()
        rows: dict[tuple[bytes, bytes], Handler] = {
            (b"GET", b"/ping"): self._ready,
            (b"GET", b"/healthz"): self._health,
            (b"GET", b"/v2/health/live"): _live,
            (b"GET", b"/v2/health/ready"): self._ready,
        }
        for base in (model, b"%b/versions/%d" % (model, settings.release)):
            rows[b"GET", b"%b/ready" % base] = self._ready
        return rows

    def _predict(self, codec: Codec, exchange: Exchange) -> None:
        service, body = self._service, exchange.body
        if exchange.is_surplus or self._batcher.is_full():
            wait_s = max(1, math.ceil(self._batcher.wait_s()))
            exchange.reply(service.refuse("LD419", _BUSY, wait_s, exchange.head))
            return
        if len(body) > _MAX_INLINE_BYTES or service.has_transform:
            self._in_thread(exchange, codec)
            return
        asked = service.read(body, codec, exchange.head)
        if isinstance(asked, Answer):
            exchange.reply(asked)
        else:
            self._batcher.add(asked, exchange.reply)

    def _refuse(self, code: str, detail: str, exchange: Exchange) -> None:
        exchange.reply(self._service.refuse(code, detail, caller=exchange.head))

    def _in_thread(self, exchange: Exchange, codec: Codec) -> None:
        """From reading to answering: large requests, and those that meet a user's own code."""
        answer, head = self._service.answer, exchange.head
        future = self._loop.run_in_executor(self._threads, answer, exchange.body, codec, head)
        future.add_done_callback(lambda done: exchange.reply(done.result()))

    def _health(self, exchange: Exchange) -> None:
        exchange.reply(_json({"status": "ok" if self._is_serving() else "stopping"}))

    def _ready(self, exchange: Exchange) -> None:
        if not self._is_serving():
            exchange.reply(refusal("LD409", "ask another instance", 1))
            return
        about = {"status": "ok", "name": self._service.settings.model, "ready": True}
        exchange.reply(_json(about))

    def _is_serving(self) -> bool:
        return self.site.phase is Phase.SERVING

    def _other(self, exchange: Exchange) -> None:
        if exchange.is_surplus:
            exchange.reply(refusal("LD419", _BUSY, 1))
        else:
            self._elsewhere(exchange)


def _live(exchange: Exchange) -> None:
    exchange.reply(_json({"live": True}))


def _json(value: Mapping[str, object]) -> Answer:
    return Answer(200, "application/json", orjson.dumps(value))
