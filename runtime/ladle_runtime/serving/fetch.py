"""The model's bytes are read once, by exact version, and believed only when their hash is right."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import quote, urlsplit

from ladle.errors import Corrupt, LadleError, Unavailable
from ladle.sigv4 import EMPTY_SHA256, Scope, sign
from ladle_runtime.serving.settings import Bundle

if TYPE_CHECKING:
    from ladle.ports import Clock

_CHUNK_BYTES: Final = 1 << 20
_TIMEOUT_S: Final = 8.0  # a function has ten seconds to start
_PAUSES_S: Final = (0.0, 0.1, 0.4)

# Called by each try, with how many bytes are to come: what they are written to, empty.
MakeRoom = Callable[[int], BinaryIO]


def fetch(bundle: Bundle, clock: Clock, make_room: MakeRoom) -> None:
    """Three tries: what S3 says about itself (5xx) or nobody says may be better a moment later.

    Raises LadleError LD420 (unreachable), LD421 (not what was released).
    """
    for pause_s in _PAUSES_S:
        if pause_s:
            clock.sleep(pause_s)
        try:
            _get(bundle, clock.now(), make_room)
            return
        except Unavailable as error:
            last = error
    raise last


def bundle_url(bundle: Bundle) -> str:
    """Path style at an endpoint that was named, the bucket's own host on AWS."""
    key = quote(bundle.key, safe="/-_.~")
    if bundle.endpoint:
        base = f"{bundle.endpoint.rstrip('/')}/{bundle.bucket}"
    elif "." in bundle.bucket:  # the certificate of the bucket's own host covers no dots
        base = f"https://s3.{bundle.region}.amazonaws.com/{bundle.bucket}"
    else:
        base = f"https://{bundle.bucket}.s3.{bundle.region}.amazonaws.com"
    return f"{base}/{key}?versionId={quote(bundle.version, safe='')}"


def _get(bundle: Bundle, at: float, make_room: MakeRoom) -> None:
    url = bundle_url(bundle)
    parts = urlsplit(url)
    scope = Scope(bundle.region, "s3")
    headers = sign("GET", url, {}, EMPTY_SHA256, bundle.credentials, scope, at)
    connect: Callable[..., HTTPConnection] = (
        HTTPSConnection if parts.scheme == "https" else HTTPConnection
    )
    connection = connect(parts.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        with connection.getresponse() as response:
            _receive(response, bundle, make_room)
    except (OSError, HTTPException) as error:
        raise _unreachable(bundle, type(error).__name__) from error
    finally:
        connection.close()


def _receive(response: HTTPResponse, bundle: Bundle, make_room: MakeRoom) -> None:
    if response.status != 200:
        if response.status >= 500:
            raise _unreachable(bundle, f"status {response.status}")
        raise LadleError(
            "LD420",
            f"S3 refused the model s3://{bundle.bucket}/{bundle.key}: status {response.status}",
            "the function's role must read release/<model>/*; deploy the model again",
        )
    room, hasher = make_room(response.length or 0), hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    while size := response.readinto(buffer):
        hasher.update(buffer[:size])
        room.write(buffer[:size])
    if response.length:  # what was promised and did not come
        raise _unreachable(bundle, "the connection broke")
    if hasher.hexdigest() != bundle.sha256:
        raise Corrupt(
            "LD421",
            f"the model s3://{bundle.bucket}/{bundle.key} hashes to {hasher.hexdigest()[:12]}, "
            f"and {bundle.sha256[:12]} was released",
            "do not serve it: restore the object, or roll back",
        )


def _unreachable(bundle: Bundle, why: str) -> Unavailable:
    return Unavailable(
        "LD420",
        f"the model s3://{bundle.bucket}/{bundle.key} could not be read: {why}",
        "the next start of the function tries again",
    )
