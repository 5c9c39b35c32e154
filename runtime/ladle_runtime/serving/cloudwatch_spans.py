"""What leaves for CloudWatch is signed by the role that serves, and nothing that leaves for others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from requests import PreparedRequest
from requests.auth import AuthBase

from ladle.cloudwatch_traces import SERVICE, region_of
from ladle.sigv4 import Credentials, Scope, sign
from ladle_runtime.serving.container_credentials import Ask, with_credentials
from ladle_runtime.serving.settings import credentials_of

if TYPE_CHECKING:
    from ladle.ports import Clock

KEPT_S: Final = 300.0  # a machine hands out new keys minutes before the old ones end


class SignedByRole(AuthBase):
    """Of a session whose requests may go anywhere; ``env`` says where keys are."""

    def __init__(self, env: Mapping[str, str], clock: Clock, ask: Ask | None = None) -> None:
        self._env, self._clock, self._ask = env, clock, ask
        self._credentials: Credentials | None = None
        self._kept_until = 0.0

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        region = region_of(request.url or "")
        if region is not None:
            self._sign(request, Scope(region, SERVICE), self._clock.now())
        return request

    def _sign(self, request: PreparedRequest, scope: Scope, at: float) -> None:
        body = request.body if isinstance(request.body, bytes) else b""  # spans leave as bytes
        digest = hashlib.sha256(body).hexdigest()
        method, url = request.method or "", request.url or ""
        request.headers.update(sign(method, url, {}, digest, self._keys(at), scope, at))

    def _keys(self, at: float) -> Credentials:
        if self._credentials is None or at >= self._kept_until:
            self._credentials = credentials_of(with_credentials(self._env, self._ask))
            self._kept_until = at + KEPT_S
        return self._credentials
