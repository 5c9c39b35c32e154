"""A repository of images in memory, by ECR's own rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ladle import digest
from ladle.errors import Conflict, NotFound
from ladle.ports import ImageManifest

LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def image(*layers: bytes, config: bytes = b"{}") -> tuple[ImageManifest, dict[str, bytes]]:
    """A manifest, and the blobs that it names."""
    blobs = {str(digest.of_bytes(blob)): blob for blob in (config, *layers)}
    first, *others = ({"digest": d, "size": len(b), "mediaType": LAYER} for d, b in blobs.items())
    written = {"schemaVersion": 2, "mediaType": MANIFEST, "config": first, "layers": others}
    return _manifest(MANIFEST, written), blobs


def index(*images: ImageManifest) -> ImageManifest:
    """One image for each platform."""
    named = [
        {"digest": i.digest, "mediaType": i.media_type, "size": len(i.content)} for i in images
    ]
    return _manifest(INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": named})


def _manifest(media_type: str, written: object) -> ImageManifest:
    content = json.dumps(written)
    return ImageManifest(str(digest.of_bytes(content.encode())), media_type, content)


@dataclass(slots=True)
class FakeImageRegistry:
    """A repository by ECR's rules: a tag names one image for good, a manifest only what is there."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, ImageManifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)  # blobs, in the order in which they came

    def find(self, tag: str) -> ImageManifest | None:
        return self.manifests[self.tags[tag]] if tag in self.tags else None

    def manifest(self, digest: str) -> ImageManifest:
        if digest not in self.manifests:
            raise NotFound("LD262", f"there is no image {digest[:19]}", "build it anew")
        return self.manifests[digest]

    def has_blob(self, digest: str) -> bool:
        return digest in self.blobs

    def read_blob(self, digest: str) -> Iterator[bytes]:
        content = self.blobs[digest]
        yield from (content[i : i + 7] for i in range(0, len(content), 7))

    def put_blob(self, digest: str, content: Iterable[bytes]) -> None:
        self.blobs[digest] = b"".join(content)
        self.taken.append(digest)

    def put_manifest(self, manifest: ImageManifest, tag: str | None) -> None:
        named = json.loads(manifest.content)
        parts = [p["digest"] for p in (named.get("config"), *named.get("layers", ())) if p]
        images = [p["digest"] for p in named.get("manifests", ())]
        if not (set(parts) <= self.blobs.keys() and set(images) <= self.manifests.keys()):
            raise NotFound("LD262", "the manifest names what is not there", "send it first")
        if tag is not None and self.tags.setdefault(tag, manifest.digest) != manifest.digest:
            raise Conflict("LD262", f"the tag {tag} names another image", "deploy again")
        self.manifests[manifest.digest] = manifest
