"""A pin of an object is one commit's worth of files: which version of it, and the config's ``model:``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ladle import digest
from ladle.actions.pin_experiment import text_of, with_model, write_whole
from ladle.errors import UsageError
from ladle.planning.pinned_object import ADDRESS, PINNED_OBJECT, PinnedObject
from ladle.ports import ModelInspector

SUFFIX = ".onnx"  # code of a predict.py belongs into the commit


class Fetched(Protocol):
    """What S3 said of the version whose bytes it gave."""

    @property
    def version_id(self) -> str: ...

    @property
    def etag(self) -> str: ...

    @property
    def kms_key(self) -> str | None: ...


class FetchObject(Protocol):
    def __call__(self, bucket: str, key: str, to: Path) -> Fetched:
        """The newest version, into a file. Raises LD271."""


def pin_object(
    fetch: FetchObject, inspector: ModelInspector, address: str, package: Path, root: Path
) -> PinnedObject:
    """Points the package at the object as it is now, and keeps its bytes in the checkout ``root`` for
    ``ladle dev``. Nothing is written of a model that cannot be served.
    """
    found = ADDRESS.fullmatch(address)
    if found is None or not address.endswith(SUFFIX):
        raise UsageError(
            "LD271",
            f"{address} is not the address of an ONNX file",
            f"write s3://bucket/folder/model{SUFFIX}, without *, ? or $",
        )
    config = package / "model.yaml"
    text = with_model(text_of(config), config.name, address)
    copies = root / ".ladle"
    copies.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=copies) as scratch:
        file = Path(scratch) / f"model{SUFFIX}"
        fetched = fetch(found["bucket"], found["key"], file)
        with file.open("rb") as stream:
            content, size = digest.of_stream(stream)
        pinned = PinnedObject(
            address=address,
            version_id=fetched.version_id,
            etag=fetched.etag,
            digest=str(content),
            bytes=size,
            signature=inspector.inspect(file).signature,
            kms_key=fetched.kms_key,
        )
        copy = root / pinned.copy
        copy.parent.mkdir(exist_ok=True)
        os.replace(file, copy)
    said = json.dumps(pinned.to_json(), indent=2, ensure_ascii=False) + "\n"
    write_whole(package / PINNED_OBJECT, said.encode())
    write_whole(config, text.encode())
    return pinned
