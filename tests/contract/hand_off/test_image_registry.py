"""A repository of images, in memory and on moto's ECR, which keeps layers and hands none out.

So a layer of moto's is downloaded from a server of our own on loopback, as from the URL that AWS signs.
moto asks no manifest for its layers, checks no digest and no size of a part, and gives a tag that cannot
change to another image: what AWS refuses there is refused by the memory's rules, and asked of AWS by
docs/live-checks.md.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.unit.hand_off.test_bring_images import SOURCE, TAG

from ladle import digest
from ladle.actions.bring_images import How, bring_images
from ladle.aws.image_registry import EcrRegistry, repository
from ladle.aws.session import AwsSession
from ladle.errors import Conflict, Corrupt, Unavailable
from ladle.ports import ImageRegistry
from ladle.testing.images import FakeImageRegistry, image

LARGE = bytes(range(256)) * 90_000  # more than one part
MADE, BLOBS = image(LARGE, b"code")


@pytest.fixture
def layers() -> Iterator[dict[str, bytes]]:
    """What lies behind the URLs that AWS would sign, by the path that stands in ``url`` below."""
    found: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = found.get(self.path.removeprefix("/"))
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *said: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found["url"] = f"http://127.0.0.1:{server.server_address[1]}/".encode()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


class Downloading:
    """moto's ECR, with the one call that it lacks."""

    def __init__(self, client: Any, layers: dict[str, bytes]) -> None:
        self._client, self._layers = client, layers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_download_url_for_layer(self, *, repositoryName: str, layerDigest: str) -> Any:  # noqa: N803
        assert repositoryName.startswith("cdk-")
        return {"downloadUrl": self._layers["url"].decode() + layerDigest}


@pytest.fixture(params=["memory", "moto"])
def registry(request: pytest.FixtureRequest, layers: dict[str, bytes]) -> Iterator[ImageRegistry]:
    if request.param == "memory":
        yield FakeImageRegistry()
        return
    from moto import mock_aws

    with mock_aws():
        yield opened(AwsSession("eu-west-1"), layers)


def opened(session: AwsSession, layers: dict[str, bytes]) -> EcrRegistry:
    session.ecr.create_repository(
        repositoryName=repository(session), imageTagMutability="IMMUTABLE"
    )
    return EcrRegistry(Downloading(session.ecr, layers), repository(session))


def fill(registry: ImageRegistry) -> None:
    for name, blob in BLOBS.items():
        registry.put_blob(name, [blob[:100], blob[100:]])
    registry.put_manifest(MADE, TAG)


def test_an_image_is_found_by_its_tag_and_by_its_digest(registry: ImageRegistry) -> None:
    assert registry.find(TAG) is None
    fill(registry)
    assert registry.find(TAG) == registry.manifest(MADE.digest) == MADE


def test_a_layer_is_there_once_it_was_sent_whole(registry: ImageRegistry) -> None:
    (first, *_) = BLOBS
    assert not registry.has_blob(first)
    fill(registry)
    assert all(registry.has_blob(name) for name in BLOBS)


def test_nothing_is_kept_of_a_layer_whose_reading_fails(registry: ImageRegistry) -> None:
    def broken() -> Iterator[bytes]:
        yield LARGE
        raise Corrupt("LD262", "it is something else", "try again")

    name = str(digest.of_bytes(LARGE))
    with pytest.raises(Corrupt):
        registry.put_blob(name, broken())
    assert not registry.has_blob(name)


def test_the_same_image_may_be_put_again(registry: ImageRegistry) -> None:
    fill(registry)
    registry.put_manifest(MADE, TAG)
    assert registry.find(TAG) == MADE


class Refusing(Downloading):
    """As ECR refuses to give a tag that cannot change to another image, which moto does."""

    def put_image(self, **_asked: Any) -> Any:
        answer: Any = {"Error": {"Code": "ImageTagAlreadyExistsException", "Message": "immutable"}}
        raise ClientError(answer, "PutImage")


def test_a_tag_is_given_to_no_other_image() -> None:
    memory, (other, blobs) = FakeImageRegistry(), image(b"other code")
    fill(memory)
    memory.blobs.update(blobs)
    for here in (memory, EcrRegistry(Refusing(None, {}), "cdk-assets")):
        with pytest.raises(Conflict, match="LD262"):
            here.put_manifest(other, TAG)
    assert memory.find(TAG) == MADE


def test_an_image_goes_from_one_account_to_another_by_the_api_alone(
    layers: dict[str, bytes],
) -> None:
    from moto import mock_aws

    layers |= BLOBS
    with mock_aws():
        staging, prod = AwsSession("eu-west-1"), AwsSession("us-east-1")
        origin, here = opened(staging, layers), opened(prod, layers)
        fill(origin)
        [brought] = bring_images([SOURCE], here, origin, None)
        assert (brought.how, brought.digest, brought.sent) == (How.COPIED, MADE.digest, 3)
        assert here.find(TAG) == MADE
        again = list(bring_images([SOURCE], here, origin, None))
        assert [b.how for b in again] == [How.WAS_HERE]


def test_a_layer_that_breaks_off_is_asked_for_again_by_the_next_deploy(
    layers: dict[str, bytes],
) -> None:
    from moto import mock_aws

    with mock_aws():
        origin = opened(AwsSession("eu-west-1"), layers)
        with pytest.raises(Unavailable, match="LD314"):
            b"".join(origin.read_blob("sha256:" + "0" * 64))
