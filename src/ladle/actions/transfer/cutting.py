"""A content becomes pieces in one pass over it, however large it is: at most one window is held.

Chunks are cut window by window. A chunk that ends before its window does is what it would be in the
whole content, since a cut depends on the bytes before it alone; the last one is cut again with what
follows. Every window lies in the same memory, so a piece is taken before the next ones are asked for.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from pyfastcdc import FastCDC

from ladle import digest as digests
from ladle.digest import PREFIX
from ladle.errors import Corrupt, LadleError
from ladle.experiments import recipe
from ladle.experiments.pack import ContentKind

WINDOW_BYTES = 2 << 20  # what fits into a core's cache is cut and hashed for less
_FLAGS = os.O_RDONLY | os.O_CLOEXEC
_CUTTER = FastCDC(
    avg_size=recipe.AVERAGE_CHUNK, min_size=recipe.SMALLEST_CHUNK, max_size=recipe.LARGEST_CHUNK
)


@dataclass(frozen=True, slots=True)
class Piece:
    """What a pack takes. ``guides``: a tree, node or recipe, which is needed to find other pieces."""

    digest: str
    kind: ContentKind
    content: bytes | memoryview
    guides: bool


def pieces_of_file(path: str, digest: str, length: int) -> Iterator[Sequence[Piece]]:
    """Raises Corrupt LD316 when the file is not what was hashed, LD350 when it cannot be read."""
    try:
        if length <= recipe.WHOLE_BYTES:
            yield _whole(_read(path, length), digest, path, guides=False)
            return
        with open(path, "rb", buffering=0) as stream:
            yield from _pieces(stream, digest, path, guides=False)
    except FileNotFoundError as error:
        raise _changed(path) from error
    except OSError as error:
        raise LadleError(
            "LD350", f"{path} cannot be read: {error.strerror}", "mend its rights, then push again"
        ) from error


def pieces_of_bytes(content: bytes, digest: str, guides: bool) -> Iterator[Sequence[Piece]]:
    """``content`` is in memory and known to be right."""
    if len(content) <= recipe.WHOLE_BYTES:
        return iter([_whole(content, digest, digest, guides)])
    return _pieces(io.BytesIO(content), digest, digest, guides)


def _read(path: str, length: int) -> bytes:
    """At least ``length`` bytes where there are so many, and one more shows that there are more.

    Small files are many: a file object for each takes as long as to hash it.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        content = os.read(descriptor, length + 1)
        while len(content) < length and (more := os.read(descriptor, length - len(content))):
            content += more
        return content
    finally:
        os.close(descriptor)


def _whole(content: bytes, digest: str, name: str, guides: bool) -> Sequence[Piece]:
    if digests.name_of(content) != digest:
        raise _changed(name)
    return [Piece(digest, ContentKind.BYTES, content, guides)]


def _pieces(stream: IO[bytes], digest: str, name: str, guides: bool) -> Iterator[Sequence[Piece]]:
    length = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    hasher, described = hashlib.sha256(), _Description()
    for window, chunks in windows(stream, length):
        hasher.update(window)
        pieces = [Piece(digests.name_of(c), ContentKind.BYTES, c, guides) for c in chunks]
        if pieces[0].digest == digest:  # one chunk is all of it, and needs no recipe
            yield pieces
            return
        yield pieces
        yield described.nodes(recipe.Part(p.digest, len(p.content)) for p in pieces)
    if PREFIX + hasher.hexdigest() != digest:
        raise _changed(name)
    yield described.end(digest)


def windows(stream: IO[bytes], length: int) -> Iterator[tuple[memoryview, Sequence[memoryview]]]:
    """The next ``length`` bytes, a window at a time, and the chunks that it is made of."""
    memory = memoryview(bytearray(min(WINDOW_BYTES, length)))
    tail, left = memory[:0], length
    while True:
        size = min(WINDOW_BYTES, len(tail) + left)
        buffer = memory[:size]
        buffer[: len(tail)] = tail
        filled = len(tail) + _fill(stream, buffer[len(tail) :])
        left -= filled - len(tail)
        chunks = [chunk.data for chunk in _CUTTER.cut_buf(buffer[:filled])]
        if left == 0 or filled < size:
            yield buffer[:filled], chunks
            return
        tail = chunks.pop()
        yield buffer[: filled - len(tail)], chunks


def _fill(stream: IO[bytes], buffer: memoryview) -> int:
    filled = 0
    while read := stream.readinto(buffer[filled:]):  # type: ignore[attr-defined]
        filled += read
    return filled


class _Description:
    """The nodes over chunks as they come, and in the end the recipe over the nodes."""

    def __init__(self) -> None:
        self._open: tuple[recipe.Part, ...] = ()  # chunks whose node may not be at its end
        self._parts: list[recipe.Part] = []

    def nodes(self, chunks: Iterable[recipe.Part]) -> Sequence[Piece]:
        *whole, self._open = recipe.nodes([*self._open, *chunks])
        return [self._node(node) for node in whole]

    def end(self, digest: str) -> Sequence[Piece]:
        last = self._node(self._open)
        body = recipe.encode(self._parts)
        return [last, Piece(digest, ContentKind.RECIPE, body, guides=True)]

    def _node(self, node: Sequence[recipe.Part]) -> Piece:
        body = recipe.encode(node)
        digest = digests.name_of(body)
        self._parts.append(recipe.Part(digest, sum(part.bytes for part in node)))
        return Piece(digest, ContentKind.BYTES, body, guides=True)


def _changed(name: str) -> Corrupt:
    return Corrupt(
        "LD316",
        f"{name} is not what was hashed a moment ago: it changed or went away before it was sent",
        "record again when nothing writes to it",
    )
