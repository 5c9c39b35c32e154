"""A repository of ECR by its API alone: no engine, no docker login, each layer sent at most once."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from ladle import digest
from ladle.aws.faults import asking, code_of
from ladle.errors import Conflict, NotFound, Unavailable
from ladle.ports import ImageManifest

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession

MEDIA_TYPES = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
PATIENCE_S = 60.0


def repository(session: AwsSession) -> str:
    """As ``cdk bootstrap`` names it by default."""
    return f"cdk-hnb659fds-container-assets-{session.account}-{session.region}"


def as_publisher(session: AwsSession) -> AwsSession:
    """As the CDK itself publishes; who may not take that role needs rights of their own."""
    try:
        return session.as_role(
            f"cdk-hnb659fds-image-publishing-role-{session.account}-{session.region}"
        )
    except ClientError:
        return session


class EcrClient(Protocol):
    """What of boto3's ``ecr`` is asked."""

    def batch_check_layer_availability(self, **asked: Any) -> Any: ...

    def batch_get_image(self, **asked: Any) -> Any: ...

    def complete_layer_upload(self, **asked: Any) -> Any: ...

    def get_download_url_for_layer(self, **asked: Any) -> Any: ...

    def initiate_layer_upload(self, **asked: Any) -> Any: ...

    def put_image(self, **asked: Any) -> Any: ...

    def upload_layer_part(self, **asked: Any) -> Any: ...


class EcrRegistry:
    """The ImageRegistry of one repository."""

    def __init__(self, client: EcrClient, repository: str) -> None:
        self._client = client
        self._repository = repository

    def find(self, tag: str) -> ImageManifest | None:
        return self._get({"imageTag": tag})

    def manifest(self, digest: str) -> ImageManifest:
        found = self._get({"imageDigest": digest})
        if found is None:
            what = f"{self._repository} has no image {digest[:19]}, which another one names"
            raise NotFound("LD262", what, "build it anew there")
        return found

    def has_blob(self, digest: str) -> bool:
        with self._asking("which layers it has"):
            answer = self._client.batch_check_layer_availability(
                repositoryName=self._repository, layerDigests=[digest]
            )
        return any(layer["layerAvailability"] == "AVAILABLE" for layer in answer["layers"])

    def read_blob(self, digest: str) -> Iterator[bytes]:
        with self._asking(f"where {digest[:19]} lies"):
            answer = self._client.get_download_url_for_layer(
                repositoryName=self._repository, layerDigest=digest
            )
        yield from _downloaded(answer["downloadUrl"])

    def put_blob(self, digest: str, content: Iterable[bytes]) -> None:
        with self._asking(f"to take {digest[:19]}"):
            begun = self._client.initiate_layer_upload(repositoryName=self._repository)
            upload = {"repositoryName": self._repository, "uploadId": begun["uploadId"]}
            first = 0
            for part in _parts(content, begun["partSize"]):
                last = first + len(part) - 1
                self._client.upload_layer_part(
                    **upload, partFirstByte=first, partLastByte=last, layerPartBlob=part
                )
                first = last + 1
            try:
                self._client.complete_layer_upload(**upload, layerDigests=[digest])
            except ClientError as error:
                if code_of(error) != "LayerAlreadyExistsException":
                    raise

    def put_manifest(self, manifest: ImageManifest, tag: str | None) -> None:
        named = {} if tag is None else {"imageTag": tag}
        with self._asking(f"to take the image {manifest.digest[:19]}"):
            try:
                self._client.put_image(
                    repositoryName=self._repository,
                    imageManifest=manifest.content,
                    imageManifestMediaType=manifest.media_type,
                    imageDigest=manifest.digest,
                    **named,
                )
            except ClientError as error:
                if code_of(error) == "ImageTagAlreadyExistsException":
                    what = f"the tag {tag} of {self._repository} names another image"
                    raise Conflict("LD262", what, "deploy again: it was made meanwhile") from error
                if code_of(error) != "ImageAlreadyExistsException":
                    raise

    def _get(self, named: dict[str, str]) -> ImageManifest | None:
        with self._asking("for an image"):
            answer = self._client.batch_get_image(
                repositoryName=self._repository,
                imageIds=[named],
                acceptedMediaTypes=list(MEDIA_TYPES),
            )
        for image in answer["images"]:
            return ImageManifest(
                image["imageId"]["imageDigest"],
                image.get("imageManifestMediaType", MEDIA_TYPES[0]),
                image["imageManifest"],
            )
        return None

    def _asking(self, what: str) -> Any:
        return asking(f"{self._repository} {what}")


def _downloaded(url: str) -> Iterator[bytes]:
    """A URL that AWS has signed is asked by nobody's credentials."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            while chunk := answer.read(digest.CHUNK_BYTES):
                yield chunk
    except OSError as error:
        what = f"a layer of an image broke off: {error}"
        raise Unavailable("LD314", what, "deploy again: what was sent stays") from error


def _parts(content: Iterable[bytes], size: int) -> Iterator[bytes]:
    """All but the last are of one size, as ECR wants them."""
    waiting = bytearray()
    for chunk in content:
        waiting += chunk
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)
