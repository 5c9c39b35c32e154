"""Families of experiments: parents and children mirror each other, data ties those that share it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.experiments.made import data, recorded

from ladle.actions.find_family import find_family
from ladle.cli.lineage import drawn
from ladle.errors import NotFound
from ladle.experiments.lineage import Relation, Relative, Served, bonds, lineage
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import ManifestStore


@st.composite
def families(draw: st.DrawFn) -> list[RecordedExperiment]:
    """Each experiment begins from some of those before it, and has files of which there are four."""
    made: list[RecordedExperiment] = []
    files = st.sets(st.sampled_from("abcd"), max_size=2).map(
        lambda names: tuple(data(name) for name in sorted(names))
    )
    for number in range(draw(st.integers(1, 8))):
        parents = draw(st.sets(st.integers(0, number - 1))) if number else set()
        ids = tuple(made[p].manifest.id for p in sorted(parents))
        read, written = draw(files), draw(files)
        own = {"params": {"n": number}, "data": read, "outputs": written}
        made.append(recorded(number + 1, parents=ids, **own))
    return made


def all_of(relatives: tuple[Relative, ...]) -> set[str]:
    return {r.id for r in relatives}.union(*(all_of(r.relatives) for r in relatives))


@given(families())
def test_whoever_is_an_ancestor_has_this_one_as_a_descendant(
    family: list[RecordedExperiment],
) -> None:
    told = {e.manifest.id: lineage(e.manifest.id, family, {}) for e in family}
    for id_, found in told.items():
        for ancestor in all_of(found.parents):
            assert id_ in all_of(told[ancestor].children)
        for descendant in all_of(found.children):
            assert id_ in all_of(told[descendant].parents)


class Listed:
    """A store of these, which also knows of one that was never finished."""

    def __init__(self, experiments: Sequence[RecordedExperiment]) -> None:
        self._by_id = {e.manifest.id: e for e in experiments}

    def get(self, experiment_id: str) -> RecordedExperiment:
        if experiment_id not in self._by_id:
            raise NotFound("LD302", "there is none", "name another")
        return self._by_id[experiment_id]

    def bound(self, wanted: Collection[str]) -> Collection[str]:
        found = {i for i, e in self._by_id.items() if set(bonds(e.manifest)) & set(wanted)}
        return {*found, "0" * 64}


@given(families())
def test_a_family_found_by_what_names_it_tells_the_same_as_all_experiments(
    family: list[RecordedExperiment],
) -> None:
    store = cast("ManifestStore", Listed(family))
    for one in family:
        found = find_family(store, one)
        assert lineage(one.manifest.id, found, {}) == lineage(one.manifest.id, family, {})


def test_a_parent_that_is_elsewhere_is_a_leaf() -> None:
    only = recorded(parents=("f" * 64,))
    (parent,) = lineage(only.manifest.id, [only], {}).parents
    assert (parent.recorded, parent.relatives) == (None, ())
    assert parent.to_json("parents")["model"] is None


def test_data_is_told_by_who_wrote_it_who_reads_it_and_who_read_it_too() -> None:
    raw, clean = data("raw.csv"), data("clean.csv")
    cleaning = recorded(1, data=(raw,), outputs=(clean,))
    first = recorded(2, data=(clean,), params={"n": 1})
    second = recorded(3, data=(clean,), params={"n": 2})
    everyone = [cleaning, first, second]
    told = lineage(first.manifest.id, everyone, {})
    assert [(s.relation, s.others) for s in told.shared] == [
        (Relation.WRITTEN, (cleaning,)),
        (Relation.READ_TOO, (second,)),
    ]
    (read,) = lineage(cleaning.manifest.id, everyone, {}).shared
    assert (read.relation, len(read.others)) == (Relation.READ, 2)


def test_releases_that_served_it_are_its_own() -> None:
    one, other = recorded(1), recorded(2, params={"n": 2})
    release = Served("digits", 7, "GOOD", 0.0)
    served = {one.manifest.id: [release]}
    assert lineage(one.manifest.id, [one, other], served).releases == (release,)
    assert lineage(other.manifest.id, [one, other], served).releases == ()


def test_a_tree_is_drawn_with_its_branches() -> None:
    tree = [("a", [("b", ()), ("c", [("d", ())])]), ("e", ())]
    assert list(drawn(tree)) == ["├─ a", "│  ├─ b", "│  └─ c", "│     └─ d", "└─ e"]
