"""Every route that is not hot is answered by an ASGI app, made when it is first asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import unquote

from ladle_runtime.serving.answer import Answer, refusal
from ladle_runtime.serving.http.exchange import Exchange

_LOG: Final = logging.getLogger("ladle")

Message = MutableMapping[str, Any]
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class LazyApp:
    """``make`` imports for half a second: in a thread, so that hot routes are answered meanwhile."""

    def __init__(self, make: Callable[[], App]) -> None:
        self._make = make
        self._app: asyncio.Future[App] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, exchange: Exchange) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, exchange: Exchange) -> None:
        try:
            if self._app is None:
                self._app = asyncio.get_running_loop().run_in_executor(None, self._make)
            answer = await ask(await self._app, exchange)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets an answer
            _LOG.error("a route failed: %s", type(error).__name__)
            answer = refusal("LD402", "see the log")
        exchange.reply(answer)


async def ask(app: App, exchange: Exchange) -> Answer:
    """The request is whole and so is its answer: nothing here streams."""
    started: Message = {"status": 500, "headers": []}
    body: list[bytes] = []
    events = iter([{"type": "http.request", "body": exchange.body, "more_body": False}])

    async def receive() -> Message:
        return next(events, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.update(message)
        else:
            body.append(message.get("body", b""))

    await app(_scope(exchange), receive, send)
    headers = {
        name.decode("latin-1"): value.decode("latin-1") for name, value in started["headers"]
    }
    content_type = headers.pop("content-type", "application/octet-stream")
    headers.pop("content-length", None)
    return Answer(started["status"], content_type, b"".join(body), tuple(headers.items()))


def _scope(exchange: Exchange) -> Message:
    head = exchange.head
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": head.method.decode("latin-1"),
        "scheme": "http",
        "path": unquote(head.path.decode("latin-1"), errors="replace"),
        "raw_path": head.path,
        "query_string": head.target.partition(b"?")[2],
        "root_path": "",
        "headers": head.headers,
        "client": None,
        "server": None,
    }
