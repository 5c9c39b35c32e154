"""Whatever one person does to one row of a chain, a check of the chain tells it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ladle import digest
from ladle.experiments.chain import Chain, ChainLink
from ladle.experiments.integrity import Fault, Witness, check_chain, newest
from ladle.experiments.manifest import Code, Environment, Manifest, RecordedExperiment


def chain_of(length: int, actor: str = "Ada") -> Chain:
    links: list[ChainLink] = []
    previous = None
    for number in range(1, length + 1):
        manifest = Manifest(
            model="fraud",
            outcome="succeeded",
            created_at=f"2026-11-{number:02d}T00:00:00Z",
            actor=actor,
            previous=previous,
            data=(),
            code=Code(None, dirty=False, patch=None, argv=()),
            params={"number": number},
            environment=Environment("3.11", "linux", str(digest.of_bytes(b""))),
            metrics={},
            artefact=None,
        )
        links.append(ChainLink(number, manifest.id, RecordedExperiment(manifest, {}, number)))
        previous = manifest.id
    return Chain("fraud", tuple(links), (links[-1].id, length) if links else None)


lengths = st.integers(2, 8)


@given(st.integers(0, 8))
def test_a_chain_as_it_was_written_is_whole(length: int) -> None:
    chain = chain_of(length)
    seen = newest(chain)
    assert check_chain(chain, [seen] if seen else []) == ()


@given(lengths, st.data())
def test_a_dropped_link_is_found(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    gone = data.draw(st.integers(0, length - 1))
    left = replace(chain, links=chain.links[:gone] + chain.links[gone + 1 :])
    assert check_chain(left)


@given(lengths, st.data())
def test_a_link_that_cannot_be_read_is_found(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    row = data.draw(st.integers(0, length - 1))
    link = replace(chain.links[row], recorded=None, why="altered")
    broken = replace(chain, links=(*chain.links[:row], link, *chain.links[row + 1 :]))
    assert Fault.ALTERED in {p.fault for p in check_chain(broken)}


@given(lengths, st.data())
def test_a_link_of_another_chain_in_its_place_is_found(length: int, data: st.DataObject) -> None:
    chain, other = chain_of(length), chain_of(length, "Eve")
    row = data.draw(st.integers(0, length - 1))
    links = (*chain.links[:row], other.links[row], *chain.links[row + 1 :])
    assert check_chain(replace(chain, links=links))


@given(lengths, st.data())
def test_swapped_links_are_found(length: int, data: st.DataObject) -> None:
    chain = chain_of(length)
    one, two = sorted(data.draw(st.sets(st.integers(0, length - 1), min_size=2, max_size=2)))
    links = list(chain.links)
    links[one], links[two] = (
        replace(links[two], sequence=one + 1),
        replace(links[one], sequence=two + 1),
    )
    assert check_chain(replace(chain, links=tuple(links)))


@given(lengths, st.data())
def test_a_whole_chain_that_ends_earlier_is_found_by_a_witness(
    length: int, data: st.DataObject
) -> None:
    kept = data.draw(st.integers(0, length - 1))
    seen = newest(chain_of(length))
    assert seen is not None
    assert check_chain(chain_of(kept)) == ()
    assert [p.fault for p in check_chain(chain_of(kept), [seen])] == [Fault.MOVED_BACK]


@given(lengths)
def test_a_chain_written_anew_is_found_by_a_witness(length: int) -> None:
    seen = newest(chain_of(length))
    assert seen is not None
    assert check_chain(chain_of(length + 1, "Eve"), [seen])


def test_a_witness_of_another_model_says_nothing() -> None:
    assert check_chain(chain_of(1), [Witness("digits", "f" * 64, 9)]) == ()
