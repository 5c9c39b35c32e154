from __future__ import annotations

import io
import random

from hypothesis import given, settings
from hypothesis import strategies as st
from pyfastcdc import FastCDC

from ladle import digest as digests
from ladle.actions.transfer.cutting import WINDOW_BYTES, pieces_of_bytes, windows
from ladle.experiments import recipe
from ladle.experiments.pack import ContentKind


def content(seed: int, length: int) -> bytes:
    return random.Random(seed).randbytes(length)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 99), beyond=st.integers(-300_000, 300_000), count=st.integers(1, 2))
def test_cutting_window_by_window_cuts_as_if_all_were_in_memory(
    seed: int, beyond: int, count: int
) -> None:
    whole = content(seed, count * WINDOW_BYTES + beyond)
    cutter = FastCDC(
        avg_size=recipe.AVERAGE_CHUNK,
        min_size=recipe.SMALLEST_CHUNK,
        max_size=recipe.LARGEST_CHUNK,
    )
    cut, seen = [], bytearray()
    for window, chunks in windows(io.BytesIO(whole), len(whole)):
        cut += [len(chunk) for chunk in chunks]
        seen += window
        assert b"".join(chunks) == window
    assert (cut, bytes(seen)) == ([chunk.length for chunk in cutter.cut_buf(whole)], whole)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), length=st.integers(recipe.WHOLE_BYTES + 1, 20 << 20))
def test_a_recipe_leads_to_every_byte(seed: int, length: int) -> None:
    whole = content(seed, length)
    digest = digests.name_of(whole)
    bodies, last = {}, None
    for last in (p for batch in pieces_of_bytes(whole, digest, False) for p in batch):
        bodies[last.digest] = bytes(last.content)
    assert last is not None
    assert last.digest == digest
    if last.kind is ContentKind.BYTES:  # no chunk ended before the content did
        assert len(bodies) == 1
        return
    chunks = [
        c for node in recipe.decode(bodies[digest]) for c in recipe.decode(bodies[node.digest])
    ]
    assert b"".join(bodies[c.digest] for c in chunks) == whole


@given(st.binary(max_size=2000))
def test_a_small_content_is_one_piece(whole: bytes) -> None:
    digest = digests.name_of(whole)
    ((piece,),) = pieces_of_bytes(whole, digest, False)
    assert (piece.digest, piece.kind, piece.content) == (digest, ContentKind.BYTES, whole)


def test_what_is_held_of_a_content_is_a_window_of_it() -> None:
    whole = content(1, 3 * WINDOW_BYTES)
    held = {
        id(chunk.obj): len(bytes(chunk.obj))
        for _, chunks in windows(io.BytesIO(whole), len(whole))
        for chunk in chunks
    }
    assert list(held.values()) == [WINDOW_BYTES]


def test_what_is_held_of_a_small_content_is_not_more_than_the_content() -> None:
    whole = content(1, 100_000)
    ((_, chunks),) = windows(io.BytesIO(whole), len(whole))
    assert [len(bytes(obj)) for obj in {id(c.obj): c.obj for c in chunks}.values()] == [100_000]
