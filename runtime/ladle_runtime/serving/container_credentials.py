"""A task of ECS asks the machine it runs on for its role's credentials; nobody else can reach that address."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Final

from ladle.errors import LadleError

# The address of the credentials' own endpoint, the same in every task.
HOST: Final = "169.254.170.2"
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
    path = env.get(PATH_VARIABLE)
    if path is None or "AWS_ACCESS_KEY_ID" in env:
        return env
    try:
        keys = json.loads((ask or _asked)(path))
        return {**env, **{name: keys[key] for name, key in _NAMES.items()}}
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise LadleError(
            "LD426",
            f"the task has no credentials to read its model with: {error!r}",
            "its task role must exist and let ecs-tasks.amazonaws.com act as it: deploy again",
        ) from error


def _asked(path: str) -> bytes:
    connection = HTTPConnection(HOST, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise HTTPException(f"status {response.status}")
        return body
    finally:
        connection.close()
