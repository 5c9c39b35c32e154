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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from ladle.catalog import BACKENDS
from ladle.errors import LadleError
from ladle.experiments.signature import Signature, TensorSpec
from ladle.quality.labels import LabelValue, Noted
from ladle.quality.lines import RequestLine, RequestOutcome
from ladle_runtime.serving.answer import Answer, refusal
from ladle_runtime.serving.codecs.base import Answered, Codec
from ladle_runtime.serving.codecs.formats import REST
from ladle_runtime.serving.events import EventLog
from ladle_runtime.serving.model_file import read_model
from ladle_runtime.serving.notes import Notes
from ladle_runtime.serving.outcome import parse_key
from ladle_runtime.serving.prediction_ids import PredictionIds, Randomness, RequestIds
from ladle_runtime.serving.predictions import Predictions, Run
from ladle_runtime.serving.problems import Refused, ValuesRefused, place_of
from ladle_runtime.serving.settings import MAX_BODY_BYTES, Settings
from ladle_runtime.serving.signature import Batch
from ladle_runtime.serving.spans import Caller, Spans
from ladle_runtime.serving.transform import Transform, load_transform, unchanged
from ladle_runtime.serving.watch import Watch, watch_of

if TYPE_CHECKING:
    from ladle.ports import Clock
    from ladle_runtime.backends.base import Backend, BackendModule
    from ladle_runtime.serving.capture import Capture

_UNREAD: Final = Batch({}, 0)
_LOG: Final = logging.getLogger("ladle")


@dataclass(slots=True)
class Asked:
    """A request that was read: what a run of the model needs, and what its line will say."""

    begun: float
    cold: bool
    codec: Codec
    batch: Batch = _UNREAD
    caller: Caller | None = None


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
        watch: Watch | None = None,
        spans: Spans | None = None,
        capture: Capture | None = None,
    ) -> None:
        self.settings = settings
        self.signature: Signature = backend.signature
        self.inputs: Sequence[TensorSpec] = transform.inputs or backend.signature.inputs
        self._backend = backend
        self._transform = transform
        self._log = log
        self._clock = clock
        self._draw = RequestIds(randomness)
        self._watch = watch
        self._capture = capture
        self._spans = spans if settings.traced else None
        self._key = parse_key(settings.key)
        self._ids = PredictionIds(settings)
        self._notes = Notes(settings.type, settings.segments)
        self._cold = True
        # A user's own code around the model: nobody knows for how long it runs.
        self.has_transform = (transform.before, transform.after) != (unchanged, unchanged)
        self.last_run_s = 0.0  # of the model alone; with several threads, of one of them

    @property
    def run(self) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        """The model alone, for those who measure it."""
        return self._backend.run

    @property
    def graph(self) -> str:
        return self._backend.graph

    def answer(self, body: bytes, codec: Codec, caller: Caller | None = None) -> Answer:
        """Never raises; one request line for each call."""
        asked = self.read(body, codec, caller)
        return asked if isinstance(asked, Answer) else self.complete(asked)

    def read(self, body: bytes, codec: Codec, caller: Caller | None = None) -> Asked | Answer:
        """The first half of ``answer``; whoever gets an Asked completes it, alone or with others."""
        asked = self._begin(codec, caller)
        try:
            if len(body) > MAX_BODY_BYTES:
                raise Refused("LD403", f"at most {MAX_BODY_BYTES} bytes a request")
            asked.batch = codec.decode(body, self.inputs)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets an answer
            return self._failed(asked, error)
        return asked

    def refuse(
        self,
        code: str,
        detail: str,
        retry_after_s: int | None = None,
        caller: Caller | None = None,
    ) -> Answer:
        """Of a prediction that was never read; it leaves its line too."""
        refused = refusal(code, detail, retry_after_s)
        self._write(self._begin(REST, caller), self._draw.one(), refused, RequestOutcome.REJECTED)
        return refused

    def complete(self, asked: Asked) -> Answer:
        """The second half: run, answer, leave a line. Never raises."""
        try:
            inputs = self._before(asked.batch.inputs)
            try:
                outputs = self._timed_run(inputs)
            except ValueError:
                return self._failed(asked, ValuesRefused())
            outputs = self._transform.after(outputs)
            run = Run(outputs, asked.batch.rows, self.settings.type)
            return self._succeeded(asked, self._draw.one(), run.all(), run.outcomes(self._key))
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets an answer
            return self._failed(asked, error)

    def complete_together(self, several: Sequence[Asked]) -> Sequence[Answer]:
        """One run for all. Where it fails, each runs alone: nobody answers for a neighbour.

        Only for models of which it is known that a row's answer depends on that row alone, and
        without a transform.
        """
        try:
            run = self._run_together([asked.batch for asked in several])
            judged = run.outcomes(self._key)
        except Exception:  # noqa: BLE001 - who was at fault shows when each runs alone
            return [self.complete(asked) for asked in several]
        answers, stop = [], 0
        for asked, request_id in zip(several, self._draw.several(len(several)), strict=True):
            start, stop = stop, stop + asked.batch.rows
            answers.append(
                self._complete_part(
                    asked, request_id, Predictions(run, start, stop), judged[start:stop]
                )
            )
        return answers

    def _run_together(self, batches: Sequence[Batch]) -> Run:
        inputs = {
            name: np.concatenate([batch.inputs[name] for batch in batches])
            for name in batches[0].inputs
        }
        rows = sum([batch.rows for batch in batches])
        run = Run(self._timed_run(inputs), rows, self.settings.type)
        if not run.is_by_row:
            raise ValueError("an output has no row's axis")
        return run

    def _complete_part(
        self,
        asked: Asked,
        request_id: str,
        part: Predictions,
        judged: Sequence[LabelValue | None],
    ) -> Answer:
        try:
            return self._succeeded(asked, request_id, part, judged)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller gets an answer
            return self._failed(asked, error)

    def _timed_run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        begun = time.perf_counter()
        try:
            return self._backend.run(inputs)
        finally:
            self.last_run_s = time.perf_counter() - begun

    def _begin(self, codec: Codec, caller: Caller | None) -> Asked:
        cold, self._cold = self._cold, False
        return Asked(time.perf_counter(), cold, codec, caller=caller)

    def _before(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            return self._transform.before(inputs)
        except LadleError as error:
            raise Refused(
                "LD418", "the inputs are typed right, and the model's own checks refuse them"
            ) from error

    def _succeeded(
        self,
        asked: Asked,
        request_id: str,
        part: Predictions,
        judged: Sequence[LabelValue | None],
    ) -> Answer:
        """``judged`` is what labels will be compared with, a value or nothing for each row."""
        rows, settings, at = part.rows, self.settings, self._clock.now()
        said: Sequence[Any] = judged
        if not self._notes.is_silent:
            said = self._notes.of(judged, asked.batch.inputs, part.outputs)
        whole = None if None in said else cast("Sequence[LabelValue | Noted]", said)
        ids, kept = self._ids.of(request_id, at, rows, whole)
        answer = asked.codec.encode(
            Answered(settings.model, settings.release, ids, part, asked.batch.wanted)
        )
        if len(answer.body) > MAX_BODY_BYTES:
            raise Refused("LD406", f"an answer has at most {MAX_BODY_BYTES} bytes; send fewer rows")
        self._write(asked, request_id, answer, RequestOutcome.OK, rows, kept, at)
        if self._watch is not None:
            self._watch.add(asked.batch.inputs, part.outputs, rows)
        if self._capture is not None:
            self._capture.add(request_id, at, asked.batch.inputs, part)
        return answer

    def _failed(self, asked: Asked, error: Exception) -> Answer:
        outcome, request_id = RequestOutcome.FAILED, self._draw.one()
        if isinstance(error, Refused):
            answer, outcome = refusal(error.code, error.detail), RequestOutcome.REJECTED
        elif isinstance(error, ValuesRefused):
            answer = refusal("LD417", "a value lies outside what the model knows")
        else:
            # Its type and place only: a message may repeat what was sent.
            _LOG.error("request %s failed: %s", request_id, place_of(error))
            answer = refusal("LD402", f"request {request_id}")
        self._write(asked, request_id, answer, outcome)
        return answer

    def _write(
        self,
        asked: Asked,
        request_id: str,
        answer: Answer,
        outcome: RequestOutcome,
        rows: int = 0,
        judged: Sequence[LabelValue | Noted] | None = None,
        at: float | None = None,
    ) -> None:
        line = RequestLine(
            self.settings.model,
            self.settings.release,
            request_id,
            self._clock.now() if at is None else at,
            outcome,
            answer.status,
            (time.perf_counter() - asked.begun) * 1000,
            rows,
            asked.cold,
            self.settings.window_s,
        )
        self._log.write(line, judged)
        if self._spans is not None:
            self._spans.add(line, asked.caller)


def load_service(
    settings: Settings, clock: Clock, log: EventLog, spans: Spans | None = None
) -> Service:
    """Reads the model's bytes and everything around it: once, before the first request.

    Raises LadleError; so the process does not start, and the platform says so.
    """
    module: BackendModule = importlib.import_module(
        f"ladle_runtime.backends.{BACKENDS[settings.backend]}"
    )
    with read_model(settings.model_at, settings.scratch, clock, settings.model_sha256) as model:
        beside = (model.file, settings.code_folder, settings.model_sha256)
        backend = module.load(model.content, settings.threads, *beside)
    transform = load_transform(settings.transform, settings.code_folder)
    watch = None
    if transform.before is unchanged and settings.release:  # else nobody collects, or other rows
        watch = watch_of(backend.reference, settings, clock)
    capture = None
    if settings.capture and settings.log_key and settings.release:
        from ladle_runtime.serving.capture import Capture  # most models ask for none

        capture = Capture(settings, log.add)
    return Service(
        settings, backend, transform, log, clock, watch=watch, spans=spans, capture=capture
    )
