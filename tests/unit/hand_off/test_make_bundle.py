"""A release reads exactly the bytes that its digest names, from a copy of its own."""

from __future__ import annotations

import pytest

from ladle import digest
from ladle.actions.make_bundle import Source, WantedBundle, make_bundle
from ladle.errors import Corrupt, NotFound
from ladle.ports import StoredCopy
from ladle.testing.hand_off import FakeBundleStore

CONTENT = b"the model"
KEY = f"release/fraud/{'a' * 64}/model.onnx"
IN_STORE = Source(None, "b/sha256/12/1234", "v1")
IN_ASSETS = Source("assets", "1234.onnx", None)


def wanted(*sources: Source) -> WantedBundle:
    return WantedBundle(
        "fraud", f"sha256:{'a' * 64}", digest.of_bytes(CONTENT), "model.onnx", sources
    )


def store(**objects: bytes) -> FakeBundleStore:
    places = {"in_store": IN_STORE, "in_assets": IN_ASSETS}
    found = {(s.bucket, s.key, s.version_id): objects[n] for n, s in places.items() if n in objects}
    return FakeBundleStore(found)


def test_a_pinned_model_comes_from_the_store() -> None:
    bundles = store(in_store=CONTENT, in_assets=b"never asked")
    made = make_bundle(bundles, wanted(IN_STORE, IN_ASSETS))
    assert (made.key, made.version_id) == (KEY, "version-1")
    assert made.sha256 == digest.of_bytes(CONTENT).hex


def test_a_store_without_the_model_leaves_it_to_the_asset() -> None:
    assert make_bundle(store(in_assets=CONTENT), wanted(IN_STORE, IN_ASSETS)).key == KEY


def test_a_copy_that_exists_is_returned_and_nothing_is_read() -> None:
    bundles = store(in_store=CONTENT)
    first = make_bundle(bundles, wanted(IN_STORE))
    bundles.objects.clear()
    assert make_bundle(bundles, wanted(IN_STORE)) == first
    assert bundles.writes == 1


def test_other_bytes_than_the_pinned_ones_are_never_copied() -> None:
    bundles = store(in_store=b"something else")
    with pytest.raises(Corrupt, match="LD225"):
        make_bundle(bundles, wanted(IN_STORE))
    assert not bundles.copies


def test_a_copy_that_somebody_else_wrote_is_refused() -> None:
    bundles = FakeBundleStore(copies={KEY: StoredCopy("v", "0" * 64)})
    with pytest.raises(Corrupt, match="LD224"):
        make_bundle(bundles, wanted(IN_STORE))


def test_a_model_that_is_nowhere_is_named() -> None:
    with pytest.raises(NotFound, match=r"LD226 the model .* of fraud"):
        make_bundle(store(), wanted(IN_STORE, IN_ASSETS))
