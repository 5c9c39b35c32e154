"""Validate, transform, run, name each row's outcome, write its lines, answer: one order for all doors.

The caller's fault is a 4xx and ``rejected``; ours is a 500 and ``failed``. Where the model itself
does not take values that fit its signature, the caller reads 422 and the release counts a failure:
hostile input strikes all releases alike, a broken candidate only its own.
"""

from __future__ import annotations

import importlib
import logging
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ladle.catalog import BACKENDS
from ladle.errors import LadleError
from ladle.experiments.manifest import Signature, TensorSpec
from ladle.quality.labels import LabelValue
from ladle.quality.lines import RequestLine, RequestOutcome
from ladle_runtime.serving.codecs.base import Answered, Codec
from ladle_runtime.serving.events import EventLog
from ladle_runtime.serving.fetch import model_bytes
from ladle_runtime.serving.outcome import outcomes, parse_key
from ladle_runtime.serving.predictions import per_row
from ladle_runtime.serving.problems import PROBLEM_TYPE, Refused, problem, status_of
from ladle_runtime.serving.settings import MAX_BODY_BYTES, Settings
from ladle_runtime.serving.transform import Transform, load_transform

if TYPE_CHECKING:
    from ladle.ports import Clock
    from ladle_runtime.backends.base import Backend, BackendModule

_LOG: Final = logging.getLogger("ladle")
Randomness = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What leaves by any door."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Done:
    """An answer and what is counted of it."""

    answer: Answer
    outcome: RequestOutcome
    rows: int = 0
    outcomes: Sequence[LabelValue] | None = None


class Service:
    """One loaded model. ``answer`` may be called by several threads at once."""

    def __init__(
        self,
        settings: Settings,
        backend: Backend,
        transform: Transform,
        log: EventLog,
        clock: Clock,
        randomness: Randomness = os.urandom,
    ) -> None:
        self.settings = settings
        self.signature: Signature = backend.signature
        self.inputs: Sequence[TensorSpec] = transform.inputs or backend.signature.inputs
        self._backend = backend
        self._transform = transform
        self._log = log
        self._clock = clock
        self._randomness = randomness
        self._key = parse_key(settings.key)
        self._cold = True

    def answer(self, body: bytes, codec: Codec) -> Answer:
        """Never raises; one request line for each call."""
        begun, at, cold = time.perf_counter(), self._clock.now(), self._cold
        self._cold = False
        # Drawn now and never at init: a snapshot of this process would repeat it.
        request_id = urlsafe_b64encode(self._randomness(16))[:22].decode()
        done = self._attempt(request_id, body, codec)
        line = RequestLine(
            model=self.settings.model,
            release=self.settings.release,
            request_id=request_id,
            at=at,
            outcome=done.outcome,
            status=done.answer.status,
            latency_ms=(time.perf_counter() - begun) * 1000,
            rows=done.rows,
            cold=cold,
            window_s=self.settings.window_s,
        )
        self._log.write(line, done.outcomes)
        return done.answer

    def _attempt(self, request_id: str, body: bytes, codec: Codec) -> _Done:
        try:
            return self._predict(request_id, body, codec)
        except Refused as refused:
            return _refused(refused.code, refused.detail, RequestOutcome.REJECTED)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets an answer
            # Its type and place only: a message may repeat what was sent.
            _LOG.error("request %s failed: %s", request_id, _where(error))
            return _refused("LD402", f"request {request_id}", RequestOutcome.FAILED)

    def _predict(self, request_id: str, body: bytes, codec: Codec) -> _Done:
        if len(body) > MAX_BODY_BYTES:
            raise Refused("LD403", f"at most {MAX_BODY_BYTES} bytes a request")
        batch = codec.decode(body, self.inputs)
        try:
            inputs = self._transform.before(batch.inputs)
        except LadleError as error:
            raise Refused(
                "LD418", "the inputs are typed right, and the model's own checks refuse them"
            ) from error
        try:
            outputs = self._backend.run(inputs)
        except ValueError:
            return _refused(
                "LD417", "a value lies outside what the model knows", RequestOutcome.FAILED
            )
        outputs = self._transform.after(outputs)
        predictions = per_row(outputs, batch.rows, self.settings.type)
        ids = [f"{request_id}.{row}" for row in range(len(predictions))]
        answered = Answered(
            self.settings.model, self.settings.release, ids, predictions, outputs, batch.caller_id
        )
        content = codec.encode(answered)
        if len(content) > MAX_BODY_BYTES:
            raise Refused("LD406", f"an answer has at most {MAX_BODY_BYTES} bytes; send fewer rows")
        return _Done(
            Answer(200, codec.content_type, content),
            RequestOutcome.OK,
            len(predictions),
            outcomes(predictions, self._key),
        )


def load_service(settings: Settings, clock: Clock, log: EventLog) -> Service:
    """Reads the model's bytes and everything around it: once, before the first request.

    Raises LadleError; so the process does not start, and the platform says so.
    """
    content = model_bytes(settings.model_at, clock)
    module: BackendModule = importlib.import_module(
        f"ladle_runtime.backends.{BACKENDS[settings.backend]}"
    )
    backend = module.load(content, settings.threads)
    transform = load_transform(settings.transform, settings.code_folder)
    return Service(settings, backend, transform, log, clock)


def refusal(code: str, detail: str) -> Answer:
    return Answer(status_of(code), PROBLEM_TYPE, problem(code, detail))


def _refused(code: str, detail: str, outcome: RequestOutcome) -> _Done:
    return _Done(refusal(code, detail), outcome)


def _where(error: BaseException) -> str:
    """``ValueError in transform.py:12``: enough to find it, nothing of the request."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return type(error).__name__ + place
