"""A model's front door is an address, and perhaps a signature: JSON goes in, status and JSON come out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import urlsplit

from ladle.errors import Unavailable

TIMEOUT_S: Final = 60.0

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
    ) -> None:
        self._address = address
        self._headers = headers or {}
        self._sign = sign

    def call(self, model: str, path: str, body: object) -> tuple[int, Mapping[str, Any]]:
        """Raises Unavailable LD432 when nobody answers, or not in JSON."""
        url = f"{self._address(model, path)}{path}"
        content = json.dumps(body, allow_nan=False, default=_plain).encode()
        headers: Mapping[str, str] = {**self._headers, "content-type": "application/json"}
        if self._sign is not None and "authorization" not in headers:
            headers = self._sign("POST", url, headers, content)
        try:
            status, answer = _post(url, headers, content)
            data = json.loads(answer)
        except (OSError, HTTPException, ValueError) as error:
            raise Unavailable(
                "LD432",
                f"{model} did not answer at {url}: {type(error).__name__} {error}",
                "check the address; `ladle status` says what serves",
            ) from error
        return status, data if isinstance(data, dict) else {"answer": data}


def shown_at_the_door(environ: Mapping[str, str]) -> dict[str, str]:
    """What doors of auth: jwt and auth: api_key ask for; AWS credentials sign for all others."""
    token, key = environ.get("LADLE_TOKEN"), environ.get("LADLE_API_KEY")
    shown = {"authorization": token and f"Bearer {token}", "x-api-key": key}
    return {name: value for name, value in shown.items() if value}


def _post(url: str, headers: Mapping[str, str], content: bytes) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = connect(parts.netloc, timeout=TIMEOUT_S)
    try:
        connection.request("POST", parts.path, body=content, headers=dict(headers))
        with connection.getresponse() as response:
            return response.status, response.read()
    finally:
        connection.close()


def _plain(value: Any) -> Any:
    """Arrays of numpy, pandas and the like turn themselves into lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
