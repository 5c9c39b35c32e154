"""A release reads its own copy of its model: made once, verified, never written again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ladle.digest import Digest, hex_of
from ladle.errors import Corrupt, NotFound
from ladle.names import bundle_key
from ladle.ports import BundleStore, StoredCopy


@dataclass(frozen=True, slots=True)
class Source:
    """An object of S3; ``bucket`` None is the store's own."""

    bucket: str | None
    key: str
    version_id: str | None


@dataclass(frozen=True, slots=True)
class WantedBundle:
    """``sources`` in the order in which they are asked; the first that has the bytes wins."""

    model: str
    release_digest: str
    model_digest: Digest
    file_name: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    key: str
    version_id: str
    sha256: str


def make_bundle(store: BundleStore, wanted: WantedBundle) -> Bundle:
    """Returns the copy that exists, or makes it. Raises Corrupt, NotFound."""
    key = bundle_key(wanted.model, hex_of(wanted.release_digest), wanted.file_name)
    found = store.find(key) or _copy(store, wanted, key)
    if found.sha256 != wanted.model_digest.hex:
        raise Corrupt(
            "LD224",
            f"{key} holds {found.sha256[:12]}, not the model {wanted.model_digest.short}: "
            "somebody wrote where only Ladle writes",
            "delete that object and deploy again",
        )
    return Bundle(key, found.version_id, found.sha256)


def _copy(store: BundleStore, wanted: WantedBundle, key: str) -> StoredCopy:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        for source in wanted.sources:
            try:
                read = store.fetch(source.bucket, source.key, source.version_id, path)
            except NotFound:
                continue
            if read != wanted.model_digest:
                raise Corrupt(
                    "LD225",
                    f"{source.key} holds {read.short}, not the model {wanted.model_digest.short}",
                    "pin an experiment whose model the store still has: ladle log",
                )
            return store.put_if_absent(key, path, wanted.model_digest)
    raise NotFound(
        "LD226",
        f"the model {wanted.model_digest.short} of {wanted.model} is neither in the store nor in "
        "the model package",
        f"record it again (ladle record {wanted.model}), or copy its file into the package",
    )
