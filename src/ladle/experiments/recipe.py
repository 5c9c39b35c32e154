"""A large content is a recipe: the chunks that make it, in order, grouped into nodes.

Chunks are cut where the content says (FastCDC: Xia et al., USENIX ATC 2016, normalised chunking), so
that an edit moves only the chunks around it. Nodes end where a chunk's own digest says, so that an
edit of a file of any size rewrites a node or two and the short list of nodes.

A body is rows of digest (32 bytes) and length (u32 for a chunk, u64 for a node's content).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ladle.digest import PREFIX

WHOLE_BYTES = 64 << 10  # up to this a content is stored as it is
SMALLEST_CHUNK, AVERAGE_CHUNK, LARGEST_CHUNK = 16 << 10, 64 << 10, 256 << 10
_NODE_ROWS_MIN, _NODE_ROWS_MAX = 32, 1024  # about 32 + 128 rows on average
_NODE_ENDS = 128  # one chunk in so many ends a node
_ROW = struct.Struct("<32sQ")
ROW_BYTES = _ROW.size


@dataclass(frozen=True, slots=True)
class Part:
    """A chunk, or a node of chunks: what it hashes to and how many bytes of content it stands for."""

    digest: str
    bytes: int


def encode(parts: Sequence[Part]) -> bytes:
    return b"".join(_ROW.pack(bytes.fromhex(p.digest[len(PREFIX) :]), p.bytes) for p in parts)


def decode(body: bytes | memoryview) -> tuple[Part, ...]:
    """Raises struct.error when ``body`` is no list of parts."""
    return tuple(Part(PREFIX + digest.hex(), length) for digest, length in _ROW.iter_unpack(body))


def nodes(chunks: Iterable[Part]) -> Iterator[tuple[Part, ...]]:
    """``chunks`` in groups whose ends depend on the chunks alone, not on their place in the file."""
    group: list[Part] = []
    for chunk in chunks:
        group.append(chunk)
        ends = int(chunk.digest[len(PREFIX) : len(PREFIX) + 8], 16) % _NODE_ENDS == 0
        if len(group) >= _NODE_ROWS_MAX or (ends and len(group) >= _NODE_ROWS_MIN):
            yield tuple(group)
            group = []
    if group:
        yield tuple(group)
