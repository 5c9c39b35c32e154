"""One connection: whole requests go out to be answered, answers leave in the order of requests.

httptools parses. uvicorn's protocol is not the base: it hands out a request before its body is
there, starts a task for each, and has no limit on heads, bodies or patience (docs/decisions).
"""

from __future__ import annotations

import asyncio
from collections import deque
from enum import StrEnum

import httptools

from ladle_runtime.serving.answer import refusal
from ladle_runtime.serving.http import wire
from ladle_runtime.serving.http.exchange import Exchange
from ladle_runtime.serving.http.head import Head
from ladle_runtime.serving.http.site import Phase, Site
from ladle_runtime.serving.problems import Refused


class State(StrEnum):
    """What a connection waits for; each wait has its own limit."""

    IDLE = "idle"
    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    LINGER = "linger"  # everything is said; what still comes is thrown away


class Connection(asyncio.Protocol):
    """Reads no further while 32 answers are owed or the reader is slow."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._limits = site.limits
        self._parser = httptools.HttpRequestParser(self)
        self._owed: deque[Exchange] = deque()
        self._head: Head | None = None  # of the request that arrives
        self._fresh = b""  # what came in one piece with the beginning of that head
        self._parts: list[bytes] = []
        self._head_bytes = 0  # of what the parser gave out
        self._raw_head_bytes = 0  # of pieces that brought no end of a head
        self._body_bytes = 0
        self._piece_body_bytes = 0  # of what is being parsed
        self._is_surplus = False
        self._expects_continue = False
        self._refusal: Refused | None = None
        self._is_last = False  # nothing that comes after this is read
        self._is_half_closed = False
        self._is_paused = False
        self._is_stalled = False
        self._state = State.IDLE
        self._since = site.second

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        if len(self._site.connections) >= self._limits.connections:
            self._transport.close()
            return
        self._site.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._site.connections.discard(self)
        self._give_up_arriving()

    def data_received(self, data: bytes) -> None:
        if self._is_last:
            return
        if self._head is None:
            known = self._site.heads.of_whole(data)
            if known is not None:
                is_surplus = self._site.is_full(len(known[1]))
                self._site.waiting_bytes += len(known[1])
                self._complete(*known, is_surplus)
                return
            self._fresh = data
        else:
            self._fresh = b""
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        before, self._piece_body_bytes = self._state, 0
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._pass_over_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._refusal or Refused("LD436", "send HTTP/1.1"))
        else:
            if self._state is State.HEAD:
                ended = 0 if before is State.HEAD else data.rfind(b"\r\n\r\n") + 1
                self._raw_head_bytes += len(data) - ended - self._piece_body_bytes
                self._hold_head_to_its_limit()
            if self._refusal:
                self._refuse(self._refusal)

    def _pass_over_upgrade(self, rest: bytes) -> None:
        """Who offers another protocol (h2c, by Java's client) is answered as if it had not."""
        head, self._head, self._fresh = self._head, None, b""
        method = self._parser.get_method()
        if method == b"CONNECT":
            self._refuse(Refused("LD436", "no tunnel begins here"))
            return
        self._parser = httptools.HttpRequestParser(self)
        if head is not None:
            self._parse(head.without_upgrade(method) + rest)

    def eof_received(self) -> bool:
        """A caller who has said everything may still listen: stays open for the answers owed."""
        self._is_last = self._is_half_closed = True
        self._give_up_arriving()
        return bool(self._owed)

    def pause_writing(self) -> None:
        self._is_stalled = True
        self._since = self._site.second
        self._pause()

    def resume_writing(self) -> None:
        self._is_stalled = False
        self._since = self._site.second
        self._flush()

    # What the parser calls

    def on_message_begin(self) -> None:
        if self._is_last or self._refusal is not None:
            return
        self._head = Head()
        self._head_bytes = self._raw_head_bytes = self._body_bytes = 0
        self._is_surplus = self._expects_continue = False
        self._parts = []
        self._enter(State.HEAD)

    def on_url(self, url: bytes) -> None:
        if self._head is not None:
            self._head.target += url
            self._head_bytes += len(url)
            self._hold_head_to_its_limit()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head is not None:
            self._head.headers.append((name.lower(), value))
            self._head_bytes += len(name) + len(value)
            self._hold_head_to_its_limit()

    def on_headers_complete(self) -> None:
        head = self._head
        if head is None or self._parser.should_upgrade():
            return  # see _pass_over_upgrade
        head.complete(self._parser.get_method(), self._parser.should_keep_alive())
        self._enter(State.BODY)
        if head.length > self._limits.body_bytes:
            self._refusal = self._refusal or _too_large(self._limits.body_bytes)
        if self._refusal is not None:
            return
        self._site.heads.learn(self._fresh, head)
        self._is_surplus = self._site.is_full(head.length)
        self._expects_continue = head.fields.get(b"expect", b"").lower() == b"100-continue"
        self._invite()

    def on_body(self, body: bytes) -> None:
        if self._head is None or self._refusal is not None:
            return
        self._body_bytes += len(body)
        self._piece_body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            self._refusal = _too_large(self._limits.body_bytes)
        elif not self._is_surplus:
            self._parts.append(body)
            self._site.waiting_bytes += len(body)

    def on_message_complete(self) -> None:
        if self._head is None or self._refusal is not None or self._parser.should_upgrade():
            return
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        head, self._head, self._parts, self._fresh = self._head, None, [], b""
        self._complete(head, body, self._is_surplus)

    # What limits are for

    def end_if_overdue(self) -> None:
        waited = self._site.second - self._since
        if self._is_stalled:
            if waited > self._limits.write_s:
                self._transport.abort()
        elif self._state in {State.HEAD, State.BODY}:
            allowed = self._limits.head_s if self._state is State.HEAD else self._limits.body_s
            if waited > allowed:
                self._refuse(Refused("LD408", f"a request arrives within {allowed} s"))
        elif self._state is State.IDLE and waited > self._limits.idle_s:
            self._transport.close()
        elif self._state is State.LINGER and waited > self._limits.linger_s:
            self._transport.abort()

    def close_if_idle(self) -> None:
        if self._state in {State.IDLE, State.LINGER}:
            self._transport.close()

    # Its own parts

    def _hold_head_to_its_limit(self) -> None:
        if max(self._head_bytes, self._raw_head_bytes) > self._limits.head_bytes:
            detail = f"at most {self._limits.head_bytes} bytes"
            self._refusal = self._refusal or Refused("LD435", detail)

    def _complete(self, head: Head, body: bytes, is_surplus: bool) -> None:
        exchange = Exchange(head, body, is_surplus, self._on_reply)
        site, self._is_last = self._site, not head.keeps_alive
        self._owed.append(exchange)
        site.waiting_requests += 1
        self._state, self._since = State.ANSWER, site.second
        if len(self._owed) >= self._limits.pipelined:
            self._pause()
        site.dispatch(exchange)

    def _on_reply(self, exchange: Exchange) -> None:
        """Counted here and not when it is written: its caller may be gone."""
        self._site.waiting_requests -= 1
        self._site.waiting_bytes -= len(exchange.body)
        exchange.body = b""
        self._flush()

    def _invite(self) -> None:
        """``100 Continue``, once all earlier answers are out."""
        if self._expects_continue and self._head is not None and not self._owed:
            self._expects_continue = False
            self._transport.write(wire.CONTINUE)

    def _flush(self) -> None:
        """Writes the answers that are next in order, in one go."""
        if self._is_stalled or self._transport.is_closing():
            return
        ready: list[bytes] = []
        site, owed = self._site, self._owed
        while owed and (answer := owed[0].answer) is not None:
            head = owed.popleft().head
            if not owed and site.phase is Phase.STOPPING:
                self._is_last = True
            stays = head.keeps_alive and not (self._is_last and not owed)
            ready.append(wire.response(answer, head.method, stays, site.date))
        if ready:
            self._transport.write(ready[0] if len(ready) == 1 else b"".join(ready))
            self._go_on()

    def _go_on(self) -> None:
        if self._owed:
            self._resume()
        elif self._is_last:
            self._finish()
        else:
            if self._state is State.ANSWER:
                self._enter(State.IDLE)
            self._invite()
            self._resume()

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._is_paused and not self._is_stalled and len(self._owed) < self._limits.pipelined:
            self._is_paused = False
            self._transport.resume_reading()

    def _refuse(self, refused: Refused) -> None:
        """The last answer of this connection; what the caller still sends cannot be understood."""
        self._give_up_arriving()
        self._is_last = True
        self._enter(State.ANSWER)
        exchange = Exchange(Head(), b"", True, self._on_reply)
        self._owed.append(exchange)
        self._site.waiting_requests += 1
        exchange.reply(refusal(refused.code, refused.detail))

    def _finish(self) -> None:
        """Closing at once would take the answer from a caller who is still sending."""
        self._enter(State.LINGER)
        if self._is_half_closed:
            self._transport.close()
        else:
            self._transport.write_eof()
            self._resume()

    def _give_up_arriving(self) -> None:
        self._site.waiting_bytes -= sum(map(len, self._parts))
        self._head, self._parts, self._fresh = None, [], b""

    def _enter(self, state: State) -> None:
        self._state, self._since = state, self._site.second


def _too_large(most: int) -> Refused:
    return Refused("LD403", f"at most {most} bytes a request")
