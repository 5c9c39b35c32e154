"""An S3 stand-in on 127.0.0.1 that counts requests and bytes: enough of S3 for Ladle, boto3 and DVC.

It keeps objects in memory, checks no signature and no checksum, and answers in one process, so that
what a client costs can be told from what a server costs. Prints its address when it listens;
``GET /_counts`` tells and forgets what was counted.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from xml.sax.saxutils import escape

_REASONS = {200: "OK", 204: "No Content", 206: "Partial Content", 404: "Not Found"}
_REASONS[412] = "Precondition Failed"


@dataclass(slots=True)
class Request:
    method: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Answer:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | memoryview = b""


@dataclass(slots=True)
class Bucket:
    """Every bucket of the stand-in in one: keys carry the bucket's name."""

    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def answer(self, request: Request) -> Answer:
        if request.key == "_counts":
            told, self.counts = json.dumps(self.counts).encode(), Counter()
            return Answer(body=told)
        answer = getattr(self, f"_{request.method.lower()}")(request)
        self.counts[request.method] += 1
        self.counts["bytes in"] += len(request.body)
        self.counts["bytes out"] += len(answer.body)
        return answer

    def _put(self, request: Request) -> Answer:
        if "uploadId" in request.query:
            self.parts[request.query["uploadId"]][int(request.query["partNumber"])] = request.body
            return Answer(headers={"ETag": f'"{len(request.body):032x}"'})
        if request.headers.get("if-none-match") == "*" and request.key in self.objects:
            return _error(412, "PreconditionFailed")
        if "/" not in request.key:
            return Answer()
        checksum = request.headers.get("x-amz-checksum-sha256", "")
        self.objects[request.key] = request.body, checksum
        return Answer(headers={"ETag": f'"{len(request.body):032x}"'})

    def _get(self, request: Request) -> Answer:
        if "/" not in request.key.rstrip("/"):
            return self._list(request)
        if request.key not in self.objects:
            return _error(404, "NoSuchKey")
        body, checksum = self.objects[request.key]
        asked = request.headers.get("x-amz-checksum-mode") and "range" not in request.headers
        headers = _described(body, checksum if asked else "")
        if "range" not in request.headers:
            return Answer(headers=headers, body=body)
        first, _, last = request.headers["range"].removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(body) - 1), len(body) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
        return Answer(206, headers, memoryview(body)[start : end + 1])

    def _head(self, request: Request) -> Answer:
        if "/" not in request.key.rstrip("/"):
            return Answer()
        if request.key not in self.objects:
            return Answer(404)
        body, checksum = self.objects[request.key]
        return Answer(headers={**_described(body, checksum), "Content-Length": str(len(body))})

    def _delete(self, request: Request) -> Answer:
        self.objects.pop(request.key, None)
        return Answer(204)

    def _post(self, request: Request) -> Answer:
        if "uploads" in request.query:
            upload = hashlib.sha256(request.key.encode()).hexdigest()
            self.parts[upload] = {}
            return _xml("InitiateMultipartUploadResult", f"<UploadId>{upload}</UploadId>")
        if "uploadId" in request.query:
            parts = self.parts.pop(request.query["uploadId"])
            self.objects[request.key] = b"".join(parts[n] for n in sorted(parts)), ""
            return _xml("CompleteMultipartUploadResult", '<ETag>"0"</ETag>')
        return _xml("DeleteResult", "")

    def _list(self, request: Request) -> Answer:
        bucket = request.key.rstrip("/")
        prefix = f"{bucket}/{request.query.get('prefix', '')}"
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        after = request.query.get("continuation-token") or request.query.get("start-after")
        if after:
            keys = [key for key in keys if key > f"{bucket}/{after}"]
        page = keys[: int(request.query.get("max-keys", "1000"))]
        rows = "".join(
            f"<Contents><Key>{escape(key.removeprefix(bucket + '/'))}</Key>"
            f"<Size>{len(self.objects[key][0])}</Size><ETag>0</ETag>"
            "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in page
        )
        more = len(page) < len(keys)
        last = escape(page[-1].removeprefix(bucket + "/")) if page else ""
        token = f"<NextContinuationToken>{last}</NextContinuationToken>"
        state = f"<IsTruncated>{str(more).lower()}</IsTruncated><KeyCount>{len(page)}</KeyCount>"
        return _xml("ListBucketResult", state + (token if more else "") + rows)


def _described(body: bytes, checksum: str) -> dict[str, str]:
    described = {"ETag": f'"{len(body):032x}"', "Last-Modified": formatdate(0, usegmt=True)}
    return {**described, "x-amz-checksum-sha256": checksum} if checksum else described


def _xml(root: str, inner: str) -> Answer:
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return Answer(body=f'<?xml version="1.0"?><{root} xmlns="{space}">{inner}</{root}>'.encode())


def _error(status: int, code: str) -> Answer:
    return Answer(status, body=f"<Error><Code>{code}</Code></Error>".encode())


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return None
    line, *rows = head.rstrip("\r\n").split("\r\n")
    method, target, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (r.partition(":") for r in rows)}
    if headers.get("expect") == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    path, _, query = target.partition("?")
    told = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    if "aws-chunked" in headers.get("content-encoding", ""):
        body = _unchunked(body)
    return Request(method, urllib.parse.unquote(path.lstrip("/")), told, headers, body)


def _unchunked(body: bytes) -> bytes:
    parts, at = [], 0
    while True:
        end = body.index(b"\r\n", at)
        length = int(body[at:end].split(b";")[0], 16)
        if not length:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + length])
        at = end + 4 + length


async def serve_one(
    bucket: Bucket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while request := await _request(reader, writer):
            answer = bucket.answer(request)
            headers = {"Content-Length": str(len(answer.body)), **answer.headers}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            status = f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\n"
            writer.write(f"{status}{lines}\r\n".encode())
            if request.method != "HEAD":
                writer.write(answer.body)
            await writer.drain()
    except ConnectionError:
        pass  # a client that is killed says no goodbye
    finally:
        writer.close()


async def main() -> None:
    bucket = Bucket()
    server = await asyncio.start_server(
        lambda reader, writer: serve_one(bucket, reader, writer), "127.0.0.1", 0, limit=4 << 20
    )
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
