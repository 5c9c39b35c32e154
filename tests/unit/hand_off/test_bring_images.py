"""An image is copied by its digest, each layer at most once, and built by nobody who need not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ladle import digest
from ladle.actions.bring_images import BroughtImage, How, bring_images
from ladle.errors import Corrupt, NotFound
from ladle.ports import ImageSource
from ladle.testing.images import FakeImageRegistry, image, index

TAG = "0" * 64
SOURCE = ImageSource(TAG, Path("staged"), "linux/amd64")
MADE, BLOBS = image(b"base" * 40, b"wheels" * 40, b"code")
OTHER, OTHER_BLOBS = image(b"base" * 40, b"other code")


def registry(*blobs: bytes) -> FakeImageRegistry:
    return FakeImageRegistry({str(digest.of_bytes(blob)): blob for blob in blobs})


def proven() -> FakeImageRegistry:
    made = FakeImageRegistry(dict(BLOBS))
    made.put_manifest(MADE, TAG)
    return made


@dataclass
class Builder:
    """Puts an image under the tag that it is asked for, or forgets to."""

    to: FakeImageRegistry
    asked: list[ImageSource] = field(default_factory=list)

    def build(self, source: ImageSource) -> None:
        self.asked.append(source)
        self.to.blobs.update(OTHER_BLOBS)
        self.to.put_manifest(OTHER, source.tag)


def brought(
    here: FakeImageRegistry,
    origin: FakeImageRegistry | None = None,
    builder: Builder | None = None,
) -> BroughtImage:
    [found] = bring_images([SOURCE], here, origin, builder)
    return found


def test_what_another_environment_has_proven_is_here_under_the_same_digest() -> None:
    here = registry()
    assert brought(here, proven()) == BroughtImage(TAG, How.COPIED, MADE.digest, len(BLOBS))
    assert here.find(TAG) == MADE
    assert here.blobs == BLOBS


def test_a_layer_that_is_here_is_not_sent_and_a_second_time_nothing_is() -> None:
    here = registry(b"base" * 40)
    assert brought(here, proven()).sent == len(BLOBS) - 1
    assert brought(here, proven()) == BroughtImage(TAG, How.WAS_HERE, MADE.digest)


def test_an_image_for_several_platforms_comes_with_all_of_them() -> None:
    origin, both = proven(), index(MADE, OTHER)
    origin.blobs.update(OTHER_BLOBS)
    origin.put_manifest(OTHER, None)
    origin.tags.clear()
    origin.put_manifest(both, TAG)
    here = registry()
    assert brought(here, origin).digest == both.digest
    assert {both.digest, MADE.digest, OTHER.digest} == here.manifests.keys()


@pytest.mark.parametrize("blob", BLOBS)
def test_bytes_that_are_not_what_was_proven_are_never_kept(blob: str) -> None:
    origin, here = proven(), registry()
    origin.blobs[blob] = b"somebody else's"
    with pytest.raises(Corrupt, match="LD262"):
        brought(here, origin)
    assert blob not in here.blobs
    assert here.find(TAG) is None


def test_a_layer_that_is_gone_there_ends_the_copy_before_the_tag_is_given() -> None:
    origin, here = proven(), registry()
    origin.manifests[MADE.digest] = index(OTHER)
    with pytest.raises((NotFound, Corrupt), match="LD262"):
        brought(here, origin)
    assert not here.tags


def test_another_build_that_serves_here_already_stays_and_is_named() -> None:
    here = FakeImageRegistry(dict(OTHER_BLOBS))
    here.put_manifest(OTHER, TAG)
    assert brought(here, proven()) == BroughtImage(TAG, How.OTHER_BUILD, OTHER.digest)


def test_what_nobody_has_is_built_where_the_team_says_so() -> None:
    here = registry()
    builder = Builder(here)
    assert brought(here, registry(), builder) == BroughtImage(TAG, How.BUILT, OTHER.digest)
    assert brought(here, registry(), builder).how is How.WAS_HERE
    assert builder.asked == [SOURCE], "once"


def test_a_copy_is_preferred_to_a_build() -> None:
    here = registry()
    assert brought(here, proven(), Builder(here)).digest == MADE.digest


def test_without_a_builder_the_engine_of_this_machine_is_left_to_build() -> None:
    assert brought(registry()) == BroughtImage(TAG, How.LEFT)
