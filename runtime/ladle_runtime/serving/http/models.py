"""Several models behind one server: each is loaded when it is first asked for, and goes when others
need its room.

One load at a time for a model, in a thread; who asks meanwhile waits for it. A model goes only while
nobody waits for an answer of it. One that cannot be loaded is refused for some seconds, alone.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import orjson

from ladle.errors import LadleError
from ladle_runtime.serving.answer import Answer, refusal
from ladle_runtime.serving.batching import Batcher
from ladle_runtime.serving.codecs.inference_v2 import EXTENSIONS
from ladle_runtime.serving.http.asgi import App, LazyApp
from ladle_runtime.serving.http.exchange import Exchange
from ladle_runtime.serving.http.head import Head
from ladle_runtime.serving.http.routes import HotRoutes
from ladle_runtime.serving.http.site import Limits, Phase, Site
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.settings import RUNTIME
from ladle_runtime.serving.several import Key, Loader, Several
from ladle_runtime.serving.shelf import Shelf

Handler = Callable[[Exchange], None]
MakeApp = Callable[[Service], App]
_LOG: Final = logging.getLogger("ladle")
_AGAIN_S: Final = 5  # after a load that failed
_BUSY: Final = "all models that are loaded are in use"


class ManyModels:
    """On one loop, called with every request of a server."""

    def __init__(
        self,
        several: Several,
        loader: Loader,
        memory_bytes: int,
        make_app: MakeApp,
        threads: ThreadPoolExecutor,
        workers: int,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
    ) -> None:
        self._settings, self._latest = several.settings, several.latest
        self._loader, self._make_app = loader, make_app
        self._threads, self._workers = threads, workers
        self._loop = asyncio.get_running_loop()
        self._shelf: Shelf[Key] = Shelf(memory_bytes)  # by the size of the models' files
        self._loaded: dict[Key, HotRoutes] = {}
        self._waiting: dict[Key, list[Exchange]] = {}
        self._failed: dict[Key, tuple[float, str]] = {}  # until when, which code
        self._tasks: set[asyncio.Task[None]] = set()
        self.site = Site(self, limits)
        self._table: Mapping[tuple[bytes, bytes], Handler] = {
            (b"GET", b"/ping"): self._ready,
            (b"GET", b"/healthz"): self._ready,
            (b"GET", b"/v2"): _server,
            (b"GET", b"/v2/health/live"): _live,
            (b"GET", b"/v2/health/ready"): self._ready,
            (b"POST", b"/v2/repository/index"): self._index,
        }

    def __call__(self, exchange: Exchange) -> None:
        head = exchange.head
        if exchange.is_surplus:
            exchange.reply(refusal("LD419", "try again after the seconds of Retry-After", 1))
            return
        if head.route is None:
            head.route = self._find(head)
        head.route(exchange)

    def _find(self, head: Head) -> Handler:
        """Held to be right for all requests of this head, whatever is loaded then."""
        row = self._table.get((head.method, head.path))
        if row is not None:
            return row
        key = self._key(head.path.decode("latin-1").split("/"))
        if key is None:
            return _unknown
        if head.method == b"GET" and head.path.endswith(b"/ready"):
            return partial(self._model_ready, key)
        return partial(self._ask, key)

    def _key(self, path: Sequence[str]) -> Key | None:
        """Of ``/v2/models/NAME/…`` or ``/v2/models/NAME/versions/7/…``, where there is such a one."""
        if path[:3] != ["", "v2", "models"] or len(path) < 4:
            return None
        name = path[3]
        release = self._latest.get(name)
        if path[4:5] == ["versions"] and len(path) > 5:
            release = int(path[5]) if path[5].isdecimal() and len(path[5]) < 10 else None
        if release is None or (name, release) not in self._settings:
            return None
        return name, release

    def _ask(self, key: Key, exchange: Exchange) -> None:
        routes = self._loaded.get(key)
        if routes is not None:
            self._shelf.take(key)
            exchange.on_reply = partial(self._answered, key, exchange.on_reply)
            routes.find(exchange.head)(exchange)
        elif key in self._waiting:
            self._waiting[key].append(exchange)
        elif (code := self._failure(key)) is not None:
            exchange.reply(_not_loaded(key, code))
        else:
            self._waiting[key] = [exchange]
            task = self._loop.create_task(self._load(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _answered(self, key: Key, on_reply: Handler, exchange: Exchange) -> None:
        self._shelf.give_back(key)
        on_reply(exchange)

    async def _load(self, key: Key) -> None:
        try:
            refused = await self._try(key)
        except Exception as error:  # noqa: BLE001 - neighbours are served on, and the caller hears of it
            code = error.code if isinstance(error, LadleError) else "LD402"
            _LOG.error("%s %d cannot be loaded: %s", *key, error)
            self._failed[key] = (self._loop.time() + _AGAIN_S, code)
            refused = _not_loaded(key, code)
        for exchange in self._waiting.pop(key):
            if refused is None:
                self._ask(key, exchange)
            else:
                exchange.reply(refused)
        if refused is None:
            self._shelf.give_back(key)

    async def _try(self, key: Key) -> Answer | None:
        """None when it is loaded, and in use by us still."""
        run, settings = partial(self._loop.run_in_executor, None), self._settings[key]
        context = self._loader.file(settings)
        file = await run(context.__enter__)
        try:
            size_bytes = file.stat().st_size if file.is_file() else 0
            going = self._shelf.put(key, size_bytes)
            if going is None:
                fits = size_bytes <= self._shelf.most_bytes
                return refusal("LD419", _BUSY, 1) if fits else _not_loaded(key, "LD439")
            for old in going:
                del self._loaded[old]
            try:
                if going:
                    await run(gc.collect)  # what has gone leaves its room before another comes
                service, pace = await run(self._loader.load, settings, file)
                self._loaded[key] = self._routes(
                    service, Batcher(service, pace, self._threads, self._workers)
                )
            except BaseException:
                self._shelf.drop(key)
                raise
        finally:
            await run(context.__exit__, None, None, None)
        self._failed.pop(key, None)
        return None

    def _routes(self, service: Service, batcher: Batcher) -> HotRoutes:
        app = LazyApp(partial(self._make_app, service))
        return HotRoutes(service, batcher, self._threads, app, self.site.limits)

    def _failure(self, key: Key) -> str | None:
        until, code = self._failed.get(key, (0.0, ""))
        return code if self._loop.time() < until else None

    def _model_ready(self, key: Key, exchange: Exchange) -> None:
        """A listed model can be asked, loaded or not."""
        code = self._failure(key)
        if code is not None:
            exchange.reply(_not_loaded(key, code))
        else:
            self._ready(exchange, name=key[0])

    def _ready(self, exchange: Exchange, **more: str) -> None:
        if self.site.phase is Phase.SERVING:
            exchange.reply(_json({"status": "ok", "ready": True, **more}))
        else:
            exchange.reply(refusal("LD409", "ask another instance", 1))

    def _index(self, exchange: Exchange) -> None:
        exchange.reply(_json([self._state(key) for key in sorted(self._settings)]))

    def _state(self, key: Key) -> Mapping[str, str]:
        about = {"name": key[0], "version": str(key[1])}
        if key in self._loaded:
            return {**about, "state": "READY", "reason": ""}
        if key in self._waiting:
            return {**about, "state": "LOADING", "reason": ""}
        return {**about, "state": "UNAVAILABLE", "reason": self._failure(key) or "unloaded"}


def _not_loaded(key: Key, code: str) -> Answer:
    return refusal("LD438", f"{key[0]} {key[1]}: {code}, see the log", _AGAIN_S)


def _unknown(exchange: Exchange) -> None:
    exchange.reply(refusal("LD404", "several models are served here: POST /v2/repository/index"))


def _server(exchange: Exchange) -> None:
    extensions = [*EXTENSIONS, "model_repository"]
    exchange.reply(_json({"name": "ladle", "version": RUNTIME, "extensions": extensions}))


def _live(exchange: Exchange) -> None:
    exchange.reply(_json({"live": True}))


def _json(value: Any) -> Answer:
    return Answer(200, "application/json", orjson.dumps(value))
