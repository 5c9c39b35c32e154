"""Who has no keys in its environment asks the machine it runs on for its role's: a task of ECS, and a
function that begins from a snapshot. Nobody else can reach that address.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import urlsplit

from ladle.errors import LadleError

# The address of the credentials' own endpoint, the same in every task.
HOST: Final = "169.254.170.2"
# A function's is an address of its own machine, and wants to see a token.
OWN_HOSTS: Final = ("127.0.0.1", "localhost", HOST)
URL_VARIABLE: Final = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN_VARIABLE: Final = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
PATH_VARIABLE: Final = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
_TIMEOUT_S: Final = 5.0
_NAMES: Final = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "Token",
}
Ask = Callable[[str], bytes]


def with_credentials(env: Mapping[str, str], ask: Ask | None = None) -> Mapping[str, str]:
    """``env`` as a function has it; unchanged where it has keys of its own, or is no task's.

    Raises LadleError LD426 when nobody hands any out.
    """
    path = env.get(PATH_VARIABLE) or env.get(URL_VARIABLE)
    if path is None or "AWS_ACCESS_KEY_ID" in env:
        return env
    try:
        keys = json.loads(ask(path) if ask else _asked(path, env.get(TOKEN_VARIABLE)))
        return {**env, **{name: keys[key] for name, key in _NAMES.items()}}
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise LadleError(
            "LD426",
            f"there are no credentials to read the model with: {error!r}",
            "its role must exist and let the service that serves act as it: deploy again",
        ) from error


def _asked(path: str, token: str | None) -> bytes:
    """``path`` of the usual host, or a whole address on this machine."""
    parts = urlsplit(path)
    if parts.netloc and (parts.scheme != "http" or parts.hostname not in OWN_HOSTS):
        raise ValueError(f"{parts.hostname} is not this machine")
    connection = HTTPConnection(parts.netloc or HOST, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", parts.path, headers={"authorization": token} if token else {})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise HTTPException(f"status {response.status}")
        return body
    finally:
        connection.close()
