"""What the S3 adapter makes of an answer that breaks off, is slow, or is more than was asked for."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError, ResponseStreamingError

from ladle import digest as digests
from ladle.aws.object_store import S3ObjectStore
from ladle.errors import Unavailable

CONTENT = b"0123456789" * 100
DIGEST = digests.of_bytes(CONTENT)


class Breaking(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise ResponseStreamingError(error="Connection reset by peer")


class Slow(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise ReadTimeoutError(endpoint_url="https://store")


class Client:
    """An S3 client that gives one answer after the other."""

    def __init__(self, *answers: Callable[[], dict[str, Any]]) -> None:
        self._answers = list(answers)

    def get_object(self, **asked: Any) -> dict[str, Any]:
        return self._answers.pop(0)()


def store(*answers: Callable[[], dict[str, Any]]) -> S3ObjectStore:
    return S3ObjectStore(cast("Any", Client(*answers)), "bucket")


def part() -> dict[str, Any]:
    return {"Body": io.BytesIO(CONTENT[10:20]), "ContentRange": "bytes 10-19/1000"}


def throttled() -> dict[str, Any]:
    raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")


@pytest.mark.parametrize("body", [Breaking, Slow])
def test_an_answer_that_breaks_off_is_asked_for_again(body: type[io.BytesIO]) -> None:
    broken = {"Body": body(), "ContentRange": "bytes 10-19/1000"}
    assert store(lambda: broken, lambda: broken, part).read(DIGEST, 10, 10) == CONTENT[10:20]


def test_an_answer_that_always_breaks_off_can_be_had_later() -> None:
    broken = {"Body": Breaking(), "ContentRange": "bytes 10-19/1000"}
    with pytest.raises(Unavailable, match="LD314"):
        store(*[lambda: broken] * 3).read(DIGEST, 10, 10)


def test_a_throttled_store_can_be_asked_later() -> None:
    with pytest.raises(Unavailable, match="SlowDown"):
        store(throttled).read(DIGEST, 10, 10)


def test_a_whole_object_that_is_answered_for_a_part_is_cut_to_it() -> None:
    assert store(lambda: {"Body": io.BytesIO(CONTENT)}).read(DIGEST, 10, 10) == CONTENT[10:20]
