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
    cut = [len(chunk) for window in windows(io.BytesIO(whole), len(whole)) for chunk in window]
    assert cut == [chunk.length for chunk in cutter.cut_buf(whole)]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 99), length=st.integers(recipe.WHOLE_BYTES + 1, 20 << 20))
def test_a_recipe_leads_to_every_byte(seed: int, length: int) -> None:
    whole = content(seed, length)
    digest = digests.of_bytes(whole)
    pieces = [p for batch in pieces_of_bytes(whole, str(digest), False) for p in batch]
    bodies = {p.digest: bytes(p.content) for p in pieces}
    assert pieces[-1].digest == digest
    if pieces[-1].kind is ContentKind.BYTES:  # no chunk ended before the content did
        assert len(pieces) == 1
        return
    chunks = [
        c for node in recipe.decode(bodies[digest]) for c in recipe.decode(bodies[node.digest])
    ]
    assert b"".join(bodies[c.digest] for c in chunks) == whole


@given(st.binary(max_size=2000))
def test_a_small_content_is_one_piece(whole: bytes) -> None:
    digest = digests.of_bytes(whole)
    ((piece,),) = pieces_of_bytes(whole, str(digest), False)
    assert (piece.digest, piece.kind, piece.content) == (digest, ContentKind.BYTES, whole)


def test_what_is_held_of_a_content_is_not_more_than_the_content() -> None:
    whole = content(1, 100_000)
    held = {
        id(chunk.obj): chunk.obj
        for window in windows(io.BytesIO(whole), 100_000)
        for chunk in window
    }
    assert sum(len(buffer) for buffer in held.values()) == len(whole)
