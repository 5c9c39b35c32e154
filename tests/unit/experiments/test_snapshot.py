"""A folder's digest says what lies in it, and nothing of how it was found."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ladle import digest as digests
from ladle.digest import Digest, canonical_json
from ladle.experiments import tree
from ladle.experiments.snapshot import COARSE_NS, FINE_NS, Listing, SeenFile, Snapshot, of_folder
from ladle.experiments.tree import TreeReader, changed

ROOT = Path("/data")
SECOND_NS = 1_000_000_000

names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=4
).filter(lambda name: name not in (".", ".."))
files = st.tuples(st.binary(max_size=3), st.booleans())
links = st.binary(min_size=1, max_size=5)
folders = st.recursive(
    st.dictionaries(names, files | links, max_size=4),
    lambda inner: st.dictionaries(names, files | links | inner, max_size=4),
    max_leaves=12,
)
Folder = Mapping[str, "tuple[bytes, bool] | bytes | Folder"]


def snapshot(folder: Folder, *, backwards: bool = False) -> Snapshot:
    listings = list(listed(folder, "", backwards))
    seen = {
        path: SeenFile(str(digests.of_bytes(content)), len(content), 0, 0, 0)
        for path, (content, _) in leaves(folder)
        if content is not None
    }
    return of_folder(ROOT, listings, seen)


def listed(folder: Folder, path: str, backwards: bool) -> Iterator[Listing]:
    rows = sorted(folder.items(), reverse=backwards)
    below = f"{path}/" if path else ""
    inner = [(name, node) for name, node in rows if isinstance(node, Mapping)]
    yield Listing(
        path,
        {name: node[1] for name, node in rows if isinstance(node, tuple)},
        {name: node for name, node in rows if isinstance(node, bytes)},
        [name for name, _ in inner],
    )
    for name, node in inner:
        yield from listed(node, below + name, backwards)


def leaves(folder: Folder, below: str = "") -> Iterator[tuple[str, tuple[bytes | None, object]]]:
    """Files with content and executable bit; links with no content and their text."""
    for name, node in folder.items():
        if isinstance(node, Mapping):
            yield from leaves(node, f"{below}{name}/")
        else:
            yield below + name, node if isinstance(node, tuple) else (None, node)


@given(folders)
def test_the_order_of_a_listing_changes_nothing(folder: Folder) -> None:
    assert snapshot(folder) == snapshot(folder, backwards=True)


@given(folders, folders)
def test_two_folders_have_one_digest_if_and_only_if_they_are_equal(a: Folder, b: Folder) -> None:
    assert (snapshot(a).digest == snapshot(b).digest) == (a == b)


@given(folders)
def test_every_tree_is_kept_under_the_digest_of_its_bytes(folder: Folder) -> None:
    found = snapshot(folder)
    assert found.digest in found.trees
    for digest, kept in found.trees.items():
        content = tree.encode(kept)
        assert str(digests.of_bytes(content)) == digest
        assert tree.decode(content, Digest.parse(digest)) == kept


@given(folders)
def test_sums_are_of_files_and_links_at_any_depth(folder: Folder) -> None:
    found, below = snapshot(folder), dict(leaves(folder))
    assert found.files == len(below)
    assert found.bytes == sum(
        len(text) if content is None else len(content) for content, text in below.values()
    )


@given(folders)
def test_a_tree_is_canonical_json(folder: Folder) -> None:
    for kept in snapshot(folder).trees.values():
        assert tree.encode(kept) == canonical_json([asdict(entry) for entry in kept])


@given(folders)
def test_every_content_has_a_source(folder: Folder) -> None:
    found = snapshot(folder)
    below = dict(leaves(folder))
    for content, text in below.values():
        if content is None:
            assert found.links[str(digests.of_bytes(text))] == text
        else:
            source = found.sources[str(digests.of_bytes(content))]
            assert below[source.removeprefix(f"{ROOT}/")][0] == content


@given(folders, folders)
def test_changes_are_the_files_and_links_that_differ(a: Folder, b: Folder) -> None:
    old, new = snapshot(a), snapshot(b)
    told = [c.path for c in changed(old.digest, new.digest, TreeReader({**old.trees, **new.trees}))]
    before, after = dict(leaves(a)), dict(leaves(b))
    differ = {p for p in {*before, *after} if before.get(p) != after.get(p)}
    assert sorted(told) == sorted(differ)


def test_names_that_differ_only_in_their_unicode_form_are_two() -> None:
    composed, apart = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")
    both = snapshot({composed: (b"1", False), apart: (b"1", False)})
    assert both.files == 2
    assert snapshot({composed: (b"1", False)}).digest != snapshot({apart: (b"1", False)}).digest


def test_no_depth_of_folders_is_too_deep() -> None:
    paths = ["/".join(["d"] * depth) for depth in range(3000)]
    chain = [Listing(path, {}, {}, ["d"]) for path in paths[:-1]]
    assert len(of_folder(ROOT, [*chain, Listing(paths[-1], {}, {}, [])], {}).trees) == 3000


def test_an_empty_folder_an_empty_file_and_a_link_to_nothing_are_three_things() -> None:
    kinds: list[Folder] = [{"x": {}}, {"x": (b"", False)}, {"x": b"y"}, {}]
    assert len({snapshot(kind).digest for kind in kinds}) == 4


seen_files = st.builds(
    SeenFile,
    digest=st.just("sha256:" + "0" * 64),
    bytes=st.just(1),
    mtime_ns=st.integers(0, 1 << 61),
    ctime_ns=st.integers(0, 1 << 61),
    inode=st.just(1),
)


@given(seen_files, st.integers(0, 1 << 61))
def test_a_file_is_settled_when_both_its_times_lie_back_by_more_than_their_grain(
    file: SeenFile, at_ns: int
) -> None:
    youngest = max(file.mtime_ns, file.ctime_ns)
    assert file.is_settled(at_ns) == (at_ns > youngest + FINE_NS) or not youngest % SECOND_NS
    assert not file.is_settled(youngest)


@given(seen_files)
def test_times_in_whole_seconds_are_trusted_only_after_two(file: SeenFile) -> None:
    coarse = replace(
        file,
        mtime_ns=file.mtime_ns // SECOND_NS * SECOND_NS,
        ctime_ns=file.ctime_ns // SECOND_NS * SECOND_NS,
    )
    youngest = max(coarse.mtime_ns, coarse.ctime_ns)
    assert not coarse.is_settled(youngest + COARSE_NS)
    assert coarse.is_settled(youngest + COARSE_NS + 1)
