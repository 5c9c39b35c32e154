"""What the hand-off asks of Lambda, CloudWatch and S3, answered alike by all that stand in for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.contract.hand_off.conftest import Lambda

from ladle import digest, names
from ladle.errors import LadleError, NotFound
from ladle.ports import BundleStore, ReleaseAlarms

A, B, C = "a" * 64, "b" * 64, "c" * 64
KEY = "release/fraud/aa/model.onnx"


@pytest.mark.usefixtures("publishes")
def test_a_version_is_found_by_its_digest(lambda_: Lambda, model: str) -> None:
    code = lambda_.deploy(model, A)
    assert lambda_.versions.find(model, A) is None
    number = lambda_.versions.publish(model, A, {"CodeSha256": code}, 0)
    lambda_.versions.wait_until_active(model, number)
    assert lambda_.versions.find(model, A) == number
    assert lambda_.versions.find(model, B) is None
    assert lambda_.versions.digest_of(model, number) == A
    assert lambda_.versions.digest_of(model, 99) is None


@pytest.mark.usefixtures("publishes")
def test_publishing_twice_makes_one_version(lambda_: Lambda, model: str) -> None:
    serving = {"CodeSha256": lambda_.deploy(model, A)}
    first = lambda_.versions.publish(model, A, serving, 0)
    assert lambda_.versions.publish(model, A, serving, first) == first


@pytest.mark.usefixtures("publishes")
def test_a_new_digest_makes_the_next_version(lambda_: Lambda, model: str) -> None:
    first = lambda_.versions.publish(model, A, {"CodeSha256": lambda_.deploy(model, A)}, 0)
    second = lambda_.versions.publish(model, B, {"CodeSha256": lambda_.deploy(model, B)}, 0)
    assert second == first + 1
    assert (lambda_.versions.find(model, A), lambda_.versions.find(model, B)) == (first, second)


@pytest.mark.usefixtures("publishes")
def test_an_image_is_published_by_its_digest_alone(lambda_: Lambda, model: str, base: int) -> None:
    lambda_.deploy(model, A)
    assert lambda_.versions.publish(model, A, {}, base) == base + 1


@pytest.mark.parametrize("wrong", ["digest", "code"])
def test_what_was_not_wanted_is_not_published(lambda_: Lambda, model: str, wrong: str) -> None:
    code = lambda_.deploy(model, A)
    release_hex, code_sha256 = (B, code) if wrong == "digest" else (A, "b3RoZXI=")
    with pytest.raises(LadleError, match="LD221"):
        lambda_.versions.publish(model, release_hex, {"CodeSha256": code_sha256}, 0)
    assert lambda_.versions.find(model, A) is None


@pytest.mark.usefixtures("publishes")
def test_an_alias_is_made_once_and_then_left_alone(lambda_: Lambda, model: str, base: int) -> None:
    assert lambda_.versions.with_traffic(model) == frozenset()
    number = lambda_.versions.publish(model, A, {"CodeSha256": lambda_.deploy(model, A)}, 0)
    told = lambda_.versions.open_if_absent(model, number, {})
    assert told["AliasArn"].endswith(f":{names.function(model, base)}:live")
    assert lambda_.versions.open_if_absent(model, number, {}) == told
    assert lambda_.versions.with_traffic(model) == {number}


@pytest.mark.usefixtures("publishes")
def test_instances_wait_of_what_is_handed_over_and_of_what_has_traffic(
    lambda_: Lambda, model: str, warm: Callable[[str, int], int]
) -> None:
    versions = lambda_.versions
    numbers = []
    assert versions.digests(model) == frozenset()
    for release_hex in (A, B, C):
        code = lambda_.deploy(model, release_hex)
        numbers.append(versions.publish(model, release_hex, {"CodeSha256": code}, 0))
        versions.open_if_absent(model, numbers[0], {})
        versions.keep_warm(model, numbers[-1], {"Warm": "2"})
        versions.keep_warm(model, numbers[-1], {"Warm": "2"})
    assert [warm(model, number) for number in numbers] == [2, 0, 2]
    versions.keep_warm(model, numbers[-1], {})
    assert [warm(model, number) for number in numbers] == [0, 0, 0]
    assert versions.digests(model) == {A, B, C}


@pytest.mark.usefixtures("publishes")
def test_a_deleted_version_is_gone_and_its_number_with_it(lambda_: Lambda, model: str) -> None:
    first = lambda_.versions.publish(model, A, {"CodeSha256": lambda_.deploy(model, A)}, 0)
    lambda_.versions.delete(model, first)
    lambda_.versions.delete(model, first)
    assert lambda_.versions.find(model, A) is None
    assert lambda_.versions.digests(model) == frozenset()
    assert (
        lambda_.versions.publish(model, B, {"CodeSha256": lambda_.deploy(model, B)}, 0) == first + 1
    )


def test_each_release_has_its_alarm_until_it_is_retired(
    alarms: ReleaseAlarms, alarm_names: Callable[[str], set[str]], model: str, base: int
) -> None:
    first, second, twelfth = base + 1, base + 2, base + 12
    for release in (first, second, twelfth, first):
        alarms.ensure(model, release, "arn:aws:sns:us-east-1:123456789012:topic")
    alarms.delete(model, second)
    kept = {names.native_alarm(model, release) for release in (first, twelfth)}
    assert alarm_names(model) == kept
    alarms.delete(model, second)
    alarms.delete_all(model, but=(first, 99))
    assert alarm_names(model) == {names.native_alarm(model, first)}
    alarms.delete_all(model)
    assert alarm_names(model) == set()


def test_a_copy_is_written_once_and_read_back_by_what_it_is(
    bundles: BundleStore, tmp_path: Path
) -> None:
    bundles.delete("release/")
    path = tmp_path / "model"
    content = bundles.fetch(None, "b/1", None, path)
    assert content == digest.of_bytes(b"the model")
    assert path.read_bytes() == b"the model"
    assert bundles.find(KEY) is None
    first = bundles.put_if_absent(KEY, path, content)
    assert first.sha256 == content.hex
    assert bundles.put_if_absent(KEY, path, content) == first
    assert bundles.find(KEY) == first
    bundles.delete("release/fraud/aa/")
    assert bundles.find(KEY) is None


def test_what_is_not_there_is_said_so(bundles: BundleStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        bundles.fetch(None, "b/2", None, tmp_path / "model")


def test_a_home_that_is_gone_has_nothing_to_retire(lambda_: Lambda, model: str, base: int) -> None:
    """A retirement may be decided before a home is left and come after."""
    assert lambda_.versions.with_traffic(model) == frozenset()
    assert lambda_.versions.digest_of(model, base + 1) is None
    lambda_.versions.delete(model, base + 1)
