from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ladle.experiments.pack import ContentKind, Slot, StoredPack
from ladle.experiments.spans import GAP_BYTES, spans

PACK = StoredPack("sha256:" + "0" * 64, 16 << 20, 450, "key", None)


def slot(offset: int, length: int) -> Slot:
    return Slot(ContentKind.BYTES, offset, length)


@given(st.lists(st.tuples(st.integers(8, 15 << 20), st.integers(0, 1 << 18)), max_size=30))
def test_every_wanted_content_lies_in_exactly_one_span(places: list[tuple[int, int]]) -> None:
    slots = {str(i): slot(*place) for i, place in enumerate(places)}
    found = list(spans({PACK: slots})) if slots else []
    assert sorted(name for s in found for name in s.slots or ()) == sorted(slots)
    for span in found:
        for inside in (span.slots or {}).values():
            assert span.start <= inside.offset
            assert inside.offset + inside.length <= span.start + span.length


def test_what_lies_far_apart_is_asked_for_apart() -> None:
    slots = {"a": slot(8, 10), "b": slot(100 + GAP_BYTES, 10)}
    assert [s.length for s in spans({PACK: slots})] == [10, 10]


def test_a_pack_of_which_most_is_wanted_is_asked_for_once() -> None:
    slots = {"a": slot(8, 6 << 20), "b": slot(9 << 20, 6 << 20)}
    assert len(list(spans({PACK: slots}))) == 1
