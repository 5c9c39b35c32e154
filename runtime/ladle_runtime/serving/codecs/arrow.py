"""``application/vnd.apache.arrow.stream``: a column per input, where pyarrow is installed."""

from __future__ import annotations

import importlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final, Self

import numpy as np

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.base import Answered, Headers
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import MAX_ROWS, Array, Batch, count_rows, held_to

_SCHEMA: Final = 1  # kinds of message
_RECORD_BATCH: Final = 3
MEDIA_TYPE: Final = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True, slots=True)
class ArrowStream:
    """A column is a list of values a row, nested where the input has more than two axes."""

    arrow: Any

    @classmethod
    def of(cls, _: Headers) -> Self:
        """Raises Refused where this server cannot read the format."""
        if find_spec("pyarrow") is None:
            raise Refused("LD415", "this server has no pyarrow: add it to the model's requirements")
        return cls(importlib.import_module("pyarrow"))

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        columns = self._columns(body)
        if columns.keys() != {spec.name for spec in inputs}:
            names = ", ".join(spec.name for spec in inputs)
            raise Refused("LD411", f"the columns are the inputs, each once: {names}")
        arrays = {
            spec.name: held_to(spec, self._array(columns[spec.name], spec)) for spec in inputs
        }
        return Batch(arrays, count_rows(inputs, arrays))

    def encode(self, answered: Answered) -> Answer:
        rows = [
            {"prediction_id": id_, **{name: _plain(value) for name, value in row.items()}}
            for id_, row in zip(answered.prediction_ids, answered.predictions.objects, strict=True)
        ]
        table = self.arrow.Table.from_pylist(rows)
        sink = self.arrow.BufferOutputStream()
        with self.arrow.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return Answer(200, MEDIA_TYPE, sink.getvalue().to_pybytes())

    def _columns(self, body: bytes) -> Mapping[str, Any]:
        """The stream is held to its own rules before a value is read: it may lie about lengths."""
        try:
            for message in self.arrow.ipc.MessageReader.open_stream(body):
                _hold_to_plain_batches(message.metadata.to_pybytes())
            with self.arrow.ipc.open_stream(body) as stream:
                table = stream.read_all()
            table.validate(full=True)
        except (self.arrow.ArrowException, OSError, ValueError, struct.error):
            raise Refused("LD401", "send one Arrow stream") from None
        if table.num_rows > MAX_ROWS:
            raise Refused("LD416", f"at most {MAX_ROWS} rows a request")
        if len(set(table.column_names)) != table.num_columns:
            raise Refused("LD411", "the columns are the inputs, each once")
        return dict(zip(table.column_names, table.columns, strict=True))

    def _array(self, column: Any, spec: TensorSpec) -> Array:
        """Lists become axes: every level has lists of one length, and none of them is null."""
        values, shape = column.combine_chunks(), [len(column)]
        kinds = self.arrow.types
        while kinds.is_list(values.type) or kinds.is_fixed_size_list(values.type):
            inner = values.flatten()
            size = len(inner) // max(1, len(values))
            lengths = values.value_lengths().to_numpy(zero_copy_only=False)
            if values.null_count or not (lengths == size).all():
                raise Refused("LD413", "the lists of a column are of one length, none is null")
            values, shape = inner, [*shape, size]
        if values.null_count and not (spec.missing and kinds.is_floating(values.type)):
            raise Refused("LD412", "a column holds null")
        if kinds.is_string(values.type) or kinds.is_large_string(values.type):
            return np.array(values.to_pylist(), dtype=object).reshape(shape)
        plain = (kinds.is_integer, kinds.is_floating, kinds.is_boolean)
        if not any(is_kind(values.type) for is_kind in plain):
            raise Refused("LD412", "a column holds numbers, booleans or text")
        array: Array = values.to_numpy(zero_copy_only=False)  # null becomes NaN
        return array.reshape(shape)


def _hold_to_plain_batches(message: bytes) -> None:
    """A few compressed kilobytes can stand for gigabytes, and so can a dictionary: neither is read.

    ``message`` is a flatbuffer: field 1 of its root says what it is, field 2 where that begins; in
    a record batch, field 3 is there when it is compressed.
    """
    (root,) = struct.unpack_from("<I", message)
    kind_at, header_at = _field(message, root, 1), _field(message, root, 2)
    if kind_at is None or header_at is None:
        raise Refused("LD401", "send one Arrow stream")
    kind = message[kind_at]
    if kind == _RECORD_BATCH:
        batch = header_at + struct.unpack_from("<I", message, header_at)[0]
        if _field(message, batch, 3) is not None:
            raise Refused("LD415", "send the Arrow stream without compression")
    elif kind != _SCHEMA:
        raise Refused("LD415", "send the Arrow stream without dictionaries")


def _field(message: bytes, table: int, number: int) -> int | None:
    """Where a field of a flatbuffer's table lies; None when the table has no such field."""
    fields = table - struct.unpack_from("<i", message, table)[0]
    slot = 4 + 2 * number
    if slot >= struct.unpack_from("<H", message, fields)[0]:
        return None
    offset = struct.unpack_from("<H", message, fields + slot)[0]
    return table + offset if offset else None


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
