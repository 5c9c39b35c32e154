"""One version of an object in S3 that a config names: what a plan knows of it without asking S3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Self

from ladle.digest import hex_of
from ladle.experiments.manifest import Signature

# A key with a character that means any other would let a role read more than this one object.
ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[^*?$]*[^*?$/])")
PINNED_OBJECT = "pinned_object.json"  # of a model package


@dataclass(frozen=True, slots=True)
class PinnedObject:
    """``digest`` is of its bytes; ``kms_key`` the ARN of the key of its own that it is encrypted with."""

    address: str
    version_id: str
    etag: str
    digest: str
    bytes: int
    signature: Signature
    kms_key: str | None = None

    @property
    def bucket(self) -> str:
        return self.address.removeprefix("s3://").partition("/")[0]

    @property
    def key(self) -> str:
        return self.address.removeprefix("s3://").partition("/")[2]

    @property
    def file_name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def copy(self) -> str:
        """Where a checkout keeps the bytes, for what runs on that machine; Git does not see it."""
        return f".ladle/models/{hex_of(self.digest)}{PurePosixPath(self.key).suffix}"

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "signature": self.signature.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        found = cls(**{**data, "signature": Signature.from_json(data["signature"])})
        if not ADDRESS.fullmatch(found.address):
            raise ValueError(f"{found.address!r} is no address of an object")
        return found
