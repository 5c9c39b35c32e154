"""What a model is asked and answers leaves as lines of its log where its config asks for it, and each
field leaves as it is classified: kept, or as a hash under the model's own key. All others stay here.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from ladle.catalog import Treatment
from ladle.quality.lines import format_captured
from ladle_runtime.serving.json_text import to_json
from ladle_runtime.serving.predictions import Predictions, column, length, whole

if TYPE_CHECKING:
    from ladle_runtime.serving.settings import Settings

_LOG: Final = logging.getLogger("ladle")
_TOO_ODD: Final = "null"  # of a row that no JSON can say
Row = Mapping[str, Any]


class Capture:
    """Of one release. ``add`` may be called by several threads at once."""

    def __init__(self, settings: Settings, emit: Callable[[str], None]) -> None:
        self._settings, self._emit = settings, emit
        key = capture_key(settings.log_key)
        self._told: Mapping[str, Callable[[Any], Any]] = {
            name: _Hash(key, name) if treatment is Treatment.HASH else _kept
            for name, treatment in settings.capture.items()
            if treatment is not Treatment.DROP
        }

    def add(self, request_id: str, at: float, inputs: Row, answered: Predictions) -> None:
        """The rows of one answered request. Never raises."""
        of = self._settings
        try:
            texts = list(self._texts(inputs, answered))
            lines = format_captured(of.model, of.release, request_id, at, texts, of.log_key)
            self._emit("".join([f"{line}\n" for line in lines]))
        except Exception as error:  # noqa: BLE001 - the answer matters more than what is kept of it
            _LOG.warning("request %s was not captured: %s", request_id, type(error).__name__)

    def _texts(self, inputs: Row, answered: Predictions) -> Iterator[str]:
        """An input that the rows share is said with the first: a caller pays for it once, and so do we."""
        asked = {name: value for name, value in inputs.items() if name in self._told}
        by_row = {n: column(v) for n, v in asked.items() if length(v) == answered.rows}
        shared = {n: whole(v) for n, v in asked.items() if n not in by_row}
        for out, *values in zip(answered.objects, *by_row.values(), strict=False):
            yield self._text({**shared, **dict(zip(by_row, values, strict=True))}, out)
            shared = {}

    def _text(self, asked: Row, answered: Row) -> str:
        try:
            text = to_json({"in": self._of(asked), "out": self._of(answered)})
        except (TypeError, ValueError):
            return _TOO_ODD
        return text.decode() if text.isascii() else _escaped(text)

    def _of(self, row: Row) -> Row:
        told = self._told
        return {name: told[name](value) for name, value in row.items() if name in told}


class _Hash:
    """Of the values of one field: equal ones have equal hashes, in all releases of a model."""

    def __init__(self, key: bytes, field: str) -> None:
        self._hasher = hashlib.blake2b(
            f"{field}\0".encode("utf-8", "surrogatepass"), key=key, digest_size=16
        )

    def __call__(self, value: Any) -> str:
        hasher = self._hasher.copy()
        hasher.update(to_json(value))
        return hasher.hexdigest()


def capture_key(line_key: bytes) -> bytes:
    """A model's key for hashes follows from its key for lines; nothing leads back."""
    return hashlib.blake2b(key=line_key, digest_size=32, person=b"ladle capture").digest()


def _kept(value: Any) -> Any:
    return value


def _escaped(text: bytes) -> str:
    """A log, and the terminal of who reads it, get ASCII only."""
    return json.dumps(orjson.loads(text), separators=(",", ":"))
