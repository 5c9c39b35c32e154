from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ladle import digest
from ladle.errors import Corrupt, NotFound
from ladle.ports import ObjectStore

Overwrite = Callable[[digest.Digest, bytes], None]

CONTENT = b"label,pixel\n3,0.5\n" * 400
DIGEST = digest.of_bytes(CONTENT)


def read(objects: ObjectStore, *where: object) -> bytes:
    with objects.open(*where) as stream:  # type: ignore[arg-type]
        return stream.read()


def test_what_is_put_can_be_read_by_its_digest_and_by_its_locator(objects: ObjectStore) -> None:
    locator = objects.put_if_absent(DIGEST, CONTENT)
    assert read(objects, DIGEST) == read(objects, DIGEST, locator) == CONTENT


def test_a_file_is_stored_like_bytes(objects: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_bytes(CONTENT)
    objects.put_if_absent(DIGEST, path)
    assert read(objects, DIGEST) == CONTENT


def test_an_empty_object_is_an_object(objects: ObjectStore) -> None:
    empty = digest.of_bytes(b"")
    objects.put_if_absent(empty, b"")
    assert read(objects, empty) == b""


def test_putting_again_changes_nothing_and_finds_the_same_place(objects: ObjectStore) -> None:
    first = objects.put_if_absent(DIGEST, CONTENT)
    assert objects.put_if_absent(DIGEST, CONTENT) == first
    assert objects.locate(DIGEST) == first


def test_an_object_that_was_never_put_is_not_found(objects: ObjectStore) -> None:
    assert objects.locate(DIGEST) is None
    with pytest.raises(NotFound, match="LD311"):
        objects.open(DIGEST)


def test_content_that_is_not_what_the_digest_says_is_refused_and_not_kept(
    objects: ObjectStore, needs: Callable[[str], None]
) -> None:
    needs("refuses a wrong checksum")
    with pytest.raises(Corrupt, match="LD316"):
        objects.put_if_absent(DIGEST, CONTENT + b"changed meanwhile")
    assert objects.locate(DIGEST) is None


def test_an_overwritten_object_is_found_out_when_it_is_read(
    objects: ObjectStore, overwrite: Overwrite
) -> None:
    objects.put_if_absent(DIGEST, CONTENT)
    overwrite(DIGEST, CONTENT.replace(b"3", b"8"))
    with pytest.raises(Corrupt, match="LD312"):
        read(objects, DIGEST)


def test_a_truncated_object_is_found_out_when_it_is_read(
    objects: ObjectStore, overwrite: Overwrite
) -> None:
    objects.put_if_absent(DIGEST, CONTENT)
    overwrite(DIGEST, CONTENT[:-1])
    with pytest.raises(Corrupt, match="LD312"):
        read(objects, DIGEST)


def test_an_overwritten_object_is_still_read_by_its_locator(
    objects: ObjectStore, overwrite: Overwrite, needs: Callable[[str], None]
) -> None:
    needs("keeps old versions of an object")
    locator = objects.put_if_absent(DIGEST, CONTENT)
    overwrite(DIGEST, b"other bytes")
    assert read(objects, DIGEST, locator) == CONTENT


def test_putting_an_overwritten_object_mends_it(objects: ObjectStore, overwrite: Overwrite) -> None:
    objects.put_if_absent(DIGEST, CONTENT)
    overwrite(DIGEST, b"other bytes")
    locator = objects.put_if_absent(DIGEST, CONTENT)
    assert read(objects, DIGEST, locator) == CONTENT


def test_a_deleted_object_is_found_out_and_can_be_put_again(
    objects: ObjectStore, delete: Callable[[digest.Digest], None]
) -> None:
    locator = objects.put_if_absent(DIGEST, CONTENT)
    delete(DIGEST)
    with pytest.raises(NotFound, match="LD311"):
        objects.open(DIGEST, locator)
    objects.put_if_absent(DIGEST, CONTENT)
    assert read(objects, DIGEST) == CONTENT


def test_many_writers_of_one_object_agree_on_its_place(
    objects: ObjectStore, needs: Callable[[str], None]
) -> None:
    needs("serves several threads in one process")
    with ThreadPoolExecutor(4) as pool:
        places = list(pool.map(lambda _: objects.put_if_absent(DIGEST, CONTENT), range(8)))
    assert len(set(places)) == 1
    assert read(objects, DIGEST, places[0]) == CONTENT


@pytest.mark.parametrize(("start", "length"), [(0, 5), (7, 1000), (len(CONTENT) - 3, 3), (4, 0)])
def test_a_part_is_read_by_digest_and_by_locator(
    objects: ObjectStore, start: int, length: int
) -> None:
    locator = objects.put_if_absent(DIGEST, CONTENT)
    wanted = CONTENT[start : start + length]
    assert objects.read(DIGEST, start, length) == wanted
    assert objects.read(DIGEST, start, length, locator) == wanted


def test_a_part_of_an_object_that_was_never_put_is_not_found(objects: ObjectStore) -> None:
    with pytest.raises(NotFound, match="LD311"):
        objects.read(DIGEST, 0, 5)


def test_what_is_stored_is_listed_by_digest_with_its_size(objects: ObjectStore) -> None:
    contents = [bytes([number]) * number for number in range(1, 6)]
    for content in contents:
        objects.put_if_absent(digest.of_bytes(content), content)
    listed = [(o.digest, o.bytes) for o in objects.stored()]
    assert listed == sorted((digest.of_bytes(c), len(c)) for c in contents)
