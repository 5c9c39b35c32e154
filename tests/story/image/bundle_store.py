"""One object of S3 on loopback, given only to a request that botocore would have signed the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BUCKET, KEY, VERSION = "ladle-models", "release/digits/model.onnx", "v-3"
ACCESS_KEY, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "secret/of+a=role", "session==", "eu-west-1"
_KEYS = json.dumps({"AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET, "Token": TOKEN}).encode()
_KEYS_PATH = "/keys-of-the-task"


@dataclass
class BundleStore:
    """``statuses`` is what each request for the object was answered with."""

    url: str
    statuses: list[int] = field(default_factory=list)

    def environment(self, sha256: str) -> dict[str, str]:
        """Of a function whose role may read the object."""
        return {
            **self._object(sha256),
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": TOKEN,
        }

    def task_environment(self, sha256: str) -> dict[str, str]:
        """Of a task with that role: its keys are asked for, here too."""
        keys = f"{self.url}{_KEYS_PATH}"
        return {**self._object(sha256), "AWS_CONTAINER_CREDENTIALS_FULL_URI": keys}

    def _object(self, sha256: str) -> dict[str, str]:
        return {
            "LADLE_BUNDLE_BUCKET": BUCKET,
            "LADLE_BUNDLE_KEY": KEY,
            "LADLE_BUNDLE_VERSION": VERSION,
            "LADLE_BUNDLE_SHA256": sha256,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
        }


@contextmanager
def serve_bundle(content: bytes) -> Iterator[BundleStore]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == _KEYS_PATH:
                self._answer(200, _KEYS)
                return
            url = f"{store.url}{self.path}"
            right = self.path == f"/{BUCKET}/{KEY}?versionId={VERSION}" and _is_signed(url, self)
            store.statuses.append(200 if right else 403)
            self._answer(store.statuses[-1], content if right else b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    store = BundleStore(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _is_signed(url: str, request: BaseHTTPRequestHandler) -> bool:
    names = {"host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}
    headers = {name: value for name, value in request.headers.items() if name.lower() in names}
    signer: Any = S3SigV4Auth(Credentials(ACCESS_KEY, SECRET, TOKEN), "s3", REGION)
    same = AWSRequest(method="GET", url=url, headers=headers)
    same.context["timestamp"] = request.headers["x-amz-date"]
    signature = signer.signature(signer.string_to_sign(same, signer.canonical_request(same)), same)
    return request.headers["authorization"].endswith(f"Signature={signature}")
