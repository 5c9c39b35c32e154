"""A model's front door is an address, and perhaps a signature: JSON goes in, status and JSON come out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from ladle.errors import Unavailable

TIMEOUT_S: Final = 60.0
# For an answer that is made later: how often and how long it is looked for.
LOOK_EACH_S, PATIENCE_S = 2.0, 1800.0
NOT_YET = (202, 429, 503)  # still being made; or whoever was asked is busy, and says to ask again

# Method, URL, headers and body in; the headers that prove who asks out.
Sign = Callable[[str, str, Mapping[str, str], bytes], Mapping[str, str]]


class HttpPredictor:
    """The port Predictor over HTTP. ``address`` names the URL, without a slash at its end, under
    which a path of a model is found.
    """

    def __init__(
        self,
        address: Callable[[str, str], str],
        headers: Mapping[str, str] | None = None,
        sign: Sign | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = address
        self._headers = headers or {}
        self._sign = sign
        self._wait = wait

    def call(self, model: str, path: str, body: object) -> tuple[int, Mapping[str, Any]]:
        """Waits for an answer that is made later. Raises Unavailable LD432 when nobody answers, or not
        in JSON, LD444 for one that did not come in time.
        """
        url = f"{self._address(model, path)}{path}"
        content = json.dumps(body, allow_nan=False, default=_plain).encode()
        try:
            answered = self._ask("POST", url, content)
            if answered.later is not None:
                answered = self._awaited(model, urljoin(url, answered.later))
            data = json.loads(answered.content)
        except (OSError, HTTPException, ValueError) as error:
            raise Unavailable(
                "LD432",
                f"{model} did not answer at {url}: {type(error).__name__} {error}",
                "check the address; `ladle status` says what serves",
            ) from error
        return answered.status, data if isinstance(data, dict) else {"answer": data}

    def _awaited(self, model: str, url: str) -> _Answered:
        waited_s = 0.0
        while waited_s < PATIENCE_S:
            self._wait(LOOK_EACH_S)
            waited_s += LOOK_EACH_S
            answered = self._ask("GET", url, b"")
            if answered.status == 303 and answered.location:  # too large for the door itself
                return _ask("GET", answered.location, {}, b"")
            if answered.status not in NOT_YET:
                return answered
        what = f"{model} has not answered within {PATIENCE_S / 60:.0f} minutes"
        raise Unavailable("LD444", what, f"its answer will be at {url}")

    def _ask(self, method: str, url: str, content: bytes) -> _Answered:
        headers: Mapping[str, str] = {**self._headers, "content-type": "application/json"}
        if self._sign is not None and "authorization" not in headers:
            headers = self._sign(method, url, headers, content)
        return _ask(method, url, headers, content)


@dataclass(frozen=True, slots=True)
class _Answered:
    status: int
    content: bytes
    location: str | None

    @property
    def later(self) -> str | None:
        """Where the answer will be; labels are taken with 202 as well, and have none."""
        return self.location if self.status == 202 else None


def shown_at_the_door(environ: Mapping[str, str]) -> dict[str, str]:
    """What doors of auth: jwt and auth: api_key ask for; AWS credentials sign for all others."""
    token, key = environ.get("LADLE_TOKEN"), environ.get("LADLE_API_KEY")
    shown = {"authorization": token and f"Bearer {token}", "x-api-key": key}
    return {name: value for name, value in shown.items() if value}


def _ask(method: str, url: str, headers: Mapping[str, str], content: bytes) -> _Answered:
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.netloc, timeout=TIMEOUT_S)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, path, body=content or None, headers=dict(headers))
        with connection.getresponse() as response:
            return _Answered(response.status, response.read(), response.getheader("location"))
    finally:
        connection.close()


def _plain(value: Any) -> Any:
    """Arrays of numpy, pandas and the like turn themselves into lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
