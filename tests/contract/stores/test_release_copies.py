"""Releases' copies of models, wherever a workspace has any."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.stores.conftest import BUCKET

from ladle import digest as digests
from ladle.aws.bundle_store import AwsBundleStore
from ladle.aws.release_copies import S3ReleaseCopies
from ladle.aws.session import AwsSession
from ladle.disk.release_copies import NoReleaseCopies
from ladle.names import bundle_key
from ladle.ports import ObjectStore


@pytest.mark.usefixtures("objects")
def test_every_version_of_a_copy_is_found_by_what_it_holds_and_destroyed(
    session: AwsSession | None, tmp_path: Path
) -> None:
    if session is None:
        assert NoReleaseCopies().holding({"sha256:" + "0" * 64}) == ()
        return
    bundles, copies = AwsBundleStore(session.s3, BUCKET), S3ReleaseCopies(session.s3, BUCKET)
    held = {}
    for number, content in enumerate((b"one", b"two")):
        path = tmp_path / str(number)
        path.write_bytes(content)
        digest = digests.of_bytes(content)
        held[str(digest)] = bundle_key("fraud", f"{number:064}", "model.onnx")
        bundles.put_if_absent(held[str(digest)], path, digest)
    one, two = held
    bundles.delete(held[one])  # as a retired release's: what was there stays below the marker
    (found,) = copies.holding({one})
    assert (found.model, found.release, found.key) == ("fraud", f"{0:064}", held[one])
    copies.destroy(found)
    copies.destroy(found)
    assert copies.holding({one}) == []
    assert [copy.key for copy in copies.holding({one, two})] == [held[two]]


def test_objects_of_experiments_are_no_copies(
    session: AwsSession | None, objects: ObjectStore
) -> None:
    digest = digests.of_bytes(b"an object")
    objects.put_if_absent(digest, b"an object")
    if session is not None:
        assert S3ReleaseCopies(session.s3, BUCKET).holding({str(digest)}) == []
