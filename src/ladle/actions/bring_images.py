"""An image that lies in the repository under its tag is built by nobody: it is brought there before a deploy.

A tag is the hash of all that an image is built from, and the CDK builds only what has no tag yet. So an
image that another environment has proven is copied, layer by layer, each believed by its hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ladle import digest
from ladle.digest import Digest
from ladle.errors import Corrupt
from ladle.ports import ImageBuilder, ImageManifest, ImageRegistry, ImageSource


class How(StrEnum):
    WAS_HERE = "was here already"
    COPIED = "copied"
    OTHER_BUILD = "is another build of the same sources, made here before: it stays"
    BUILT = "built by CodeBuild"
    LEFT = "is built by the engine of this machine"


@dataclass(frozen=True, slots=True)
class BroughtImage:
    """``digest`` is None for one that is still to be built; ``sent`` counts blobs."""

    tag: str
    how: How
    digest: str | None = None
    sent: int = 0


def bring_images(
    wanted: Sequence[ImageSource],
    here: ImageRegistry,
    origin: ImageRegistry | None,
    builder: ImageBuilder | None,
) -> Iterator[BroughtImage]:
    """Raises LD262 for bytes that are not what their digest says, LD263 for a build that failed."""
    for source in wanted:
        proven = origin.find(source.tag) if origin else None
        if (found := here.find(source.tag)) is not None:
            same = proven is None or proven.digest == found.digest
            how = How.WAS_HERE if same else How.OTHER_BUILD
            yield BroughtImage(source.tag, how, found.digest)
        elif origin is not None and proven is not None:
            sent = _copy(proven, origin, here)
            here.put_manifest(proven, source.tag)
            yield BroughtImage(source.tag, How.COPIED, proven.digest, sent)
        elif builder is not None:
            builder.build(source)
            made = here.find(source.tag)
            yield BroughtImage(source.tag, How.BUILT, made.digest if made else None)
        else:
            yield BroughtImage(source.tag, How.LEFT)


def _copy(manifest: ImageManifest, origin: ImageRegistry, here: ImageRegistry) -> int:
    """What a manifest names comes before it. Returns how many blobs had to be sent."""
    _believe(manifest.digest, digest.of_bytes(manifest.content.encode()))
    named: Any = json.loads(manifest.content)
    sent = 0
    for part in named.get("manifests", ()):  # an index: an image for each platform
        inner = origin.manifest(part["digest"])
        sent += _copy(inner, origin, here)
        here.put_manifest(inner, None)
    blobs = [part["digest"] for part in (named.get("config"), *named.get("layers", ())) if part]
    for blob in dict.fromkeys(blobs):
        if not here.has_blob(blob):
            here.put_blob(blob, _hashed(origin.read_blob(blob), blob))
            sent += 1
    return sent


def _hashed(chunks: Iterator[bytes], wanted: str) -> Iterator[bytes]:
    """The chunks, and an error in place of their end where they are not what was wanted."""
    hasher = hashlib.sha256()
    for chunk in chunks:
        hasher.update(chunk)
        yield chunk
    _believe(wanted, Digest(hasher.hexdigest()))


def _believe(wanted: str, read: Digest) -> None:
    if wanted != str(read):
        raise Corrupt(
            "LD262",
            f"the repository of images gave {read.short} for {wanted[:19]}",
            "nothing of it was kept; try again, and if it stays so delete that image and build anew",
        )
