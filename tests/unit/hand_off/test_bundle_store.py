"""What S3 refuses of a bundle is said in Ladle's words, whoever asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from ladle import digest
from ladle.aws.bundle_store import AwsBundleStore
from ladle.errors import LadleError


class Denies:
    """A client whose every call AWS refuses."""

    def __getattr__(self, operation: str) -> Any:
        def denied(**_: object) -> None:
            answer = {"Error": {"Code": "AccessDenied", "Message": f"not allowed: {operation}"}}
            raise ClientError(cast("Any", answer), operation)

        return denied


def test_a_permission_that_is_missing_is_named(tmp_path: Path) -> None:
    store = AwsBundleStore(cast("Any", Denies()), "store")
    content = tmp_path / "runtime.zip"
    content.write_bytes(b"files")
    for ask in (
        lambda: store.find("runtimes/a.zip"),
        lambda: store.fetch(None, "runtimes/a.zip", None, tmp_path / "to"),
        lambda: store.put_if_absent("runtimes/a.zip", content, digest.of_bytes(b"files")),
    ):
        with pytest.raises(LadleError, match=r"LD319.*runtimes/a.zip: AccessDenied not allowed"):
            ask()
