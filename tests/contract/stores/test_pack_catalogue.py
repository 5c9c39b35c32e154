"""The PackCatalogue on every adapter; then what only a file can suffer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ladle.disk.index_database import IndexDatabase
from ladle.disk.memory_index import MemoryPackCatalogue
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.experiments.pack import ContentKind, Slot, StoredPack
from ladle.ports import PackCatalogue, Placed

HERE, ELSEWHERE = "dir:store", "aws://111122223333/eu-west-1"
FIRST = StoredPack("sha256:" + "a1" * 32, 1000, 90, "b/sha256/a1", None)
SECOND = StoredPack("sha256:" + "b2" * 32, 2000, 45, "b/sha256/b2", "version")
ONE, TWO, THREE = ("sha256:" + digits * 32 for digits in ("11", "22", "33"))
INDEX = {ONE: Slot(ContentKind.BYTES, 8, 5), TWO: Slot(ContentKind.RECIPE, 13, 1 << 31)}


@pytest.fixture(params=["sqlite", "memory"])
def packs(request: pytest.FixtureRequest, tmp_path: Path) -> PackCatalogue:
    if request.param == "memory":
        return MemoryPackCatalogue()
    return SqlitePackCatalogue(tmp_path / "index.sqlite")


def test_a_content_is_found_in_its_pack(packs: PackCatalogue) -> None:
    packs.add(HERE, FIRST, INDEX)
    assert packs.holds(HERE, FIRST.digest)
    assert packs.find(HERE, [ONE, TWO, THREE]) == {
        name: Placed(FIRST, slot) for name, slot in INDEX.items()
    }


def test_stores_do_not_know_of_each_other(packs: PackCatalogue) -> None:
    packs.add(HERE, FIRST, INDEX)
    assert not packs.holds(ELSEWHERE, FIRST.digest)
    assert packs.find(ELSEWHERE, [ONE]) == {}


def test_adding_a_pack_again_changes_nothing(packs: PackCatalogue) -> None:
    packs.add(HERE, FIRST, INDEX)
    packs.add(HERE, FIRST, INDEX)
    assert packs.find(HERE, [ONE]) == {ONE: Placed(FIRST, INDEX[ONE])}
    packs.drop(HERE, FIRST.digest)
    assert packs.find(HERE, [ONE]) == {}


def test_a_content_of_two_packs_is_found_while_either_is_left(packs: PackCatalogue) -> None:
    slot = Slot(ContentKind.BYTES, 99, 5)
    packs.add(HERE, FIRST, INDEX)
    packs.add(HERE, SECOND, {ONE: slot})
    packs.drop(HERE, FIRST.digest)
    packs.drop(HERE, FIRST.digest)
    assert not packs.holds(HERE, FIRST.digest)
    assert packs.find(HERE, [ONE, TWO]) == {ONE: Placed(SECOND, slot)}


def test_thousands_of_contents_are_found_at_once(packs: PackCatalogue) -> None:
    index = {f"sha256:{n:064x}": Slot(ContentKind.BYTES, n, 1) for n in range(5000)}
    packs.add(HERE, FIRST, index)
    assert len(packs.find(HERE, list(index))) == 5000


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_a_flipped_bit_is_never_a_wrong_answer(tmp_path: Path, where: float, bits: int) -> None:
    path = tmp_path / "index.sqlite"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    database = IndexDatabase(path)
    SqlitePackCatalogue(database).add(HERE, FIRST, INDEX)
    database.close()
    broken = bytearray(path.read_bytes())
    broken[int(where * len(broken))] ^= bits
    path.write_bytes(broken)
    found = SqlitePackCatalogue(path).find(HERE, [ONE, TWO, THREE])
    assert found.items() <= {name: Placed(FIRST, slot) for name, slot in INDEX.items()}.items()
