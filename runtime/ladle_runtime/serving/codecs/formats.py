"""Which codec reads a request is its content type, which one answers is what it accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ladle_runtime.serving.codecs import arrow, npy, raw, table
from ladle_runtime.serving.codecs.base import Codec, Headers, Pair
from ladle_runtime.serving.codecs.rest import RestJson

REST: Final = RestJson()
_JSON: Final = b"application/json"

# Media type -> codec of one exchange. A new format is a row here and a module beside this one.
FORMATS: Final[Mapping[str, Callable[[Headers], Codec]]] = {
    "application/json": lambda _: REST,
    raw.MEDIA_TYPE: raw.RawTensor.of,
    npy.MEDIA_TYPE: npy.NpyArray.of,
    table.MEDIA_TYPE: table.CsvTable.of,
    arrow.MEDIA_TYPE: arrow.ArrowStream.of,
}


def codec_for(headers: Headers) -> Codec:
    """What is named nowhere above is read as JSON, and answered so. Raises Refused."""
    kind, accept = headers.get(b"content-type", _JSON), headers.get(b"accept", _JSON)
    if kind == _JSON and accept in {_JSON, b"*/*"}:
        return REST
    read = FORMATS.get(_media_type(kind))
    wanted = (FORMATS.get(_media_type(part)) for part in accept.split(b","))
    write = next(filter(None, wanted), None)
    reader = REST if read is None else read(headers)
    if write is read:
        return reader
    return Pair(reader, REST if write is None else write(headers))


def _media_type(value: bytes) -> str:
    return value.partition(b";")[0].strip().lower().decode("latin-1")
