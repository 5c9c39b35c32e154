"""The model's bytes are those that were released, or the process does not start."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ladle.errors import Corrupt, LadleError, Unavailable
from ladle.sigv4 import Credentials
from ladle_runtime.serving.fetch import bundle_url, fetch
from ladle_runtime.serving.model_file import read_model
from ladle_runtime.serving.settings import Bundle

CONTENT = b"model" * 500_000


@dataclass
class StillClock:
    """Remembers what it slept, and sleeps not."""

    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return 1_795_400_000.0

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Store:
    """One object of S3; ``script`` holds the statuses of the answers to come, then 200."""

    def __init__(self) -> None:
        self.script: list[int | str] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                store.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                step = store.script.pop(0) if store.script else 200
                content = CONTENT if step in (200, "broken") else b""
                self.send_response(200 if step == "broken" else int(step))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:1000] if step == "broken" else content)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def store() -> Iterator[Store]:
    running = Store()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def bundle(store: Store) -> Bundle:
    return Bundle(
        bucket="ladle-store-1-eu-west-1",
        key="release/flowers/abc/a model.onnx",
        version="v/1+",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        region="eu-west-1",
        endpoint=store.endpoint,
        credentials=Credentials("AKID", "secret", "token"),
    )


def fetched(bundle: Bundle, clock: StillClock) -> bytes:
    """Each try writes to a place of its own, as serving gives it."""
    rooms: list[io.BytesIO] = []

    def make_room(bytes_: int) -> io.BytesIO:
        assert bytes_ == len(CONTENT)
        rooms.append(io.BytesIO())
        return rooms[-1]

    fetch(bundle, clock, make_room)
    return rooms[-1].getvalue()


def test_the_exact_version_is_asked_for_by_a_signed_get(store: Store, bundle: Bundle) -> None:
    assert fetched(bundle, StillClock()) == CONTENT
    ((path, headers),) = store.asked
    assert path == "/ladle-store-1-eu-west-1/release/flowers/abc/a%20model.onnx?versionId=v%2F1%2B"
    assert headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-west-1/s3/"
    )
    assert headers["x-amz-security-token"] == "token"


def test_bytes_that_were_not_released_are_refused(bundle: Bundle) -> None:
    with pytest.raises(Corrupt) as error:
        fetched(replace(bundle, sha256="0" * 64), StillClock())
    assert error.value.code == "LD421"


@pytest.mark.parametrize("fault", [500, 503, "broken"])
def test_a_fault_that_passes_is_tried_again(store: Store, bundle: Bundle, fault: int | str) -> None:
    store.script = [fault, fault]
    clock = StillClock()
    assert fetched(bundle, clock) == CONTENT
    assert len(store.asked) == 3
    assert len(clock.slept) == 2


def test_a_fault_that_lasts_ends_the_start(store: Store, bundle: Bundle) -> None:
    store.script = [503] * 9
    with pytest.raises(Unavailable):
        fetched(bundle, StillClock())
    assert len(store.asked) == 3


def test_a_refusal_is_not_asked_again(store: Store, bundle: Bundle) -> None:
    store.script = [403]
    with pytest.raises(LadleError) as error:
        fetched(bundle, StillClock())
    assert (error.value.code, len(store.asked)) == ("LD420", 1)


def test_a_port_where_nobody_listens_is_unavailable(store: Store, bundle: Bundle) -> None:
    store.server.shutdown()
    store.server.server_close()
    with pytest.raises(Unavailable):
        fetched(bundle, StillClock())


def test_on_aws_the_bucket_has_its_own_host(bundle: Bundle) -> None:
    assert bundle_url(replace(bundle, endpoint=None)).startswith(
        "https://ladle-store-1-eu-west-1.s3.eu-west-1.amazonaws.com/release/flowers/"
    )
    assert bundle_url(replace(bundle, endpoint=None, bucket="a.b")).startswith(
        "https://s3.eu-west-1.amazonaws.com/a.b/"
    )


def test_a_large_model_goes_to_a_file_of_our_own_and_a_broken_try_leaves_nothing_in_it(
    store: Store, bundle: Bundle, tmp_path: Path
) -> None:
    store.script = ["broken", 503]
    with read_model(bundle, str(tmp_path), StillClock()) as model:
        assert bytes(model.content) == CONTENT
        assert model.file is not None
        assert model.file.read_bytes() == CONTENT
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_was_not_released_leaves_no_file(bundle: Bundle, tmp_path: Path) -> None:
    with (
        pytest.raises(Corrupt),
        read_model(replace(bundle, sha256="0" * 64), str(tmp_path), StillClock()),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
