"""A graph's weights stay in the file where they lie: onnxruntime maps them in place of copying them.

``outline`` reads the wire format of protobuf only as far as the initialisers of the main graph, and
writes the same model with each large one's bytes replaced by their place in the file. The graph that
runs is the same, bit for bit; loading it costs a third
(``docs/decisions/0009-weights-are-mapped.md``). ``placed`` says the same of a graph that was taken
from such a model and rewritten, see ``ladle.experiments.optimised``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from mmap import mmap
from typing import Final

_LEAST_BYTES: Final = 1024  # below, a place is longer than what it saves
_MODEL_GRAPH: Final = 7
_GRAPH_INITIALIZER: Final = 5
_RAW_DATA: Final = 9
_EXTERNAL_DATA: Final = 13
_DATA_LOCATION: Final = 14
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_IS_EXTERNAL: Final = bytes([_DATA_LOCATION << 3, 1])
_PLACE: Final = frozenset([b"offset", b"length"])

Content = bytes | mmap


@dataclass(frozen=True, slots=True)
class _Field:
    """``content[at:end]`` is all of it, ``content[start:end]`` its value."""

    number: int
    at: int
    start: int
    end: int


def outline(content: Content, file_name: str) -> bytes | None:
    """The model without its large weights; None where it has none, or this reader is not sure.

    None too when it names files by itself: nothing that a model says is ever a path of ours.
    """
    return _changed(content, lambda tensor: _moved(content, tensor, file_name))


def placed(graph: bytes, file_name: str) -> bytes | None:
    """``graph``, whose weights state where they lie, with the file in which they do; else as above."""
    return _changed(graph, lambda tensor: _named(graph, tensor, file_name))


# A tensor's field as it shall be instead; None where it stays.
_Change = Callable[[_Field], bytes | None]


def _changed(content: Content, change: _Change) -> bytes | None:
    try:
        fields = list(_fields(content, 0, len(content)))
        graphs = [field for field in fields if field.number == _MODEL_GRAPH]
        if len(graphs) != 1:
            return None
        graph = _graph(content, graphs[0], change)
    except (IndexError, ValueError):
        return None
    if graph is None:
        return None
    return b"".join(
        _message(_MODEL_GRAPH, graph) if field is graphs[0] else content[field.at : field.end]
        for field in fields
    )


def _graph(content: Content, graph: _Field, change: _Change) -> bytes | None:
    parts, changed = [], 0
    for field in _fields(content, graph.start, graph.end):
        tensor = change(field) if field.number == _GRAPH_INITIALIZER else None
        changed += tensor is not None
        parts.append(tensor or content[field.at : field.end])
    return b"".join(parts) if changed else None


def _named(graph: bytes, tensor: _Field, file_name: str) -> bytes | None:
    fields = _fields(graph, tensor.start, tensor.end)
    said = [_key(graph, field) for field in fields if field.number == _EXTERNAL_DATA]
    if not said:
        return None
    if set(said) != _PLACE:
        raise ValueError("it says more than where its data lie")
    location = _message(_EXTERNAL_DATA, _entry("location", file_name))
    return _message(_GRAPH_INITIALIZER, graph[tensor.start : tensor.end] + location)


def _key(graph: bytes, entry: _Field) -> bytes:
    return b"".join(
        graph[f.start : f.end] for f in _fields(graph, entry.start, entry.end) if f.number == 1
    )


def _moved(content: Content, tensor: _Field, file_name: str) -> bytes | None:
    fields = list(_fields(content, tensor.start, tensor.end))
    if any(field.number in (_EXTERNAL_DATA, _DATA_LOCATION) for field in fields):
        raise ValueError("it says itself where its data lie")
    raw = [field for field in fields if field.number == _RAW_DATA]
    if len(raw) != 1 or raw[0].end - raw[0].start < _LEAST_BYTES:
        return None
    place = {
        "location": file_name,
        "offset": str(raw[0].start),
        "length": str(raw[0].end - raw[0].start),
    }
    kept = b"".join(content[f.at : f.end] for f in fields if f is not raw[0])
    said = b"".join(_message(_EXTERNAL_DATA, _entry(*pair)) for pair in place.items())
    return _message(_GRAPH_INITIALIZER, kept + said + _IS_EXTERNAL)


def _entry(key: str, value: str) -> bytes:
    return _message(1, key.encode()) + _message(2, value.encode())


def _fields(content: Content, at: int, end: int) -> Iterator[_Field]:
    """Raises IndexError or ValueError for what is no message of protobuf."""
    while at < end:
        tag, start = _number(content, at)
        kind = tag & 7
        if kind == _BYTES:
            length, start = _number(content, start)
            stop = start + length
        elif kind == _VARINT:
            stop = _number(content, start)[1]
        elif kind in (_FIXED32, _FIXED64):
            stop = start + (4 if kind == _FIXED32 else 8)
        else:
            raise ValueError("groups are of an older protobuf")
        if stop > end:
            raise ValueError("a field is longer than what holds it")
        yield _Field(tag >> 3, at, start, stop)
        at = stop


def _number(content: Content, at: int) -> tuple[int, int]:
    found = shift = 0
    while shift < 64:
        byte = content[at]
        at += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, at
        shift += 7
    raise ValueError("a number without an end")


def _message(number: int, value: bytes) -> bytes:
    return _as_number(number << 3 | _BYTES) + _as_number(len(value)) + value


def _as_number(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
