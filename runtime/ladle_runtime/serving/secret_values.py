"""What a transform's secrets are is asked once, while the process starts, and told to nobody else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ladle.errors import LadleError, Unavailable
from ladle.secret_reference import SecretReference, SecretService
from ladle.sigv4 import Scope, sign
from ladle_runtime.serving.settings import Secrets

if TYPE_CHECKING:
    from ladle.ports import Clock

_TIMEOUT_S: Final = 4.0  # a function has ten seconds to start, its model's bytes included
_PAUSES_S: Final = (0.0, 0.2)
_ASK: Final = {
    SecretService.SECRETS_MANAGER: "secretsmanager.GetSecretValue",
    SecretService.PARAMETERS: "AmazonSSM.GetParameter",
}
_ERROR_NAME: Final = re.compile(r"[A-Za-z]{1,80}")


def secret_values(secrets: Secrets, clock: Clock) -> dict[str, str]:
    """Name of a variable -> value. Raises LadleError LD440 (not readable), LD441 (not what was named)."""
    return {
        variable: _value(secrets, variable, written, clock)
        for variable, written in secrets.references.items()
    }


def _value(secrets: Secrets, variable: str, written: str, clock: Clock) -> str:
    reference = SecretReference.parse(written)
    if reference is None:
        raise _unusable(variable, "its reference cannot be read")
    for pause_s in _PAUSES_S:
        if pause_s:
            clock.sleep(pause_s)
        try:
            answer = _ask(secrets, variable, reference, clock.now())
            break
        except Unavailable as error:
            last = error
    else:
        raise last
    return _chosen(variable, reference, _text(reference, answer))


def _ask(secrets: Secrets, variable: str, reference: SecretReference, at: float) -> Any:
    region = reference.region or secrets.region
    url = f"{secrets.endpoint or f'https://{reference.service}.{region}.amazonaws.com'}/"
    body = json.dumps(_question(reference)).encode()
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": _ASK[reference.service],
    }
    signed = sign(
        "POST",
        url,
        headers,
        hashlib.sha256(body).hexdigest(),
        secrets.credentials,
        Scope(region, str(reference.service)),
        at,
    )
    status, content = _post(url, signed, body, variable)
    if status != 200:
        raise _refused(variable, reference, status, content)
    return json.loads(content)


def _question(reference: SecretReference) -> dict[str, Any]:
    if reference.service is SecretService.PARAMETERS:
        return {"Name": reference.name, "WithDecryption": True}
    return {"SecretId": reference.name}


def _post(url: str, headers: dict[str, str], body: bytes, variable: str) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connect: Callable[..., HTTPConnection] = (
        HTTPSConnection if parts.scheme == "https" else HTTPConnection
    )
    connection = connect(parts.netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", parts.path, body=body, headers=headers)
        with connection.getresponse() as response:
            return response.status, response.read()
    except (OSError, HTTPException) as error:
        raise Unavailable(*_unreadable(variable, type(error).__name__)) from error
    finally:
        connection.close()


def _refused(variable: str, reference: SecretReference, status: int, content: bytes) -> LadleError:
    """In AWS's own word for it, and nothing else of its answer."""
    try:
        named = str(json.loads(content)["__type"]).rpartition("#")[2]
    except (ValueError, KeyError, TypeError):
        named = ""
    why = named if _ERROR_NAME.fullmatch(named) else f"status {status}"
    kind = Unavailable if status >= 500 or named == "ThrottlingException" else LadleError
    return kind(*_unreadable(variable, f"{reference.service} answered {why}"))


def _text(reference: SecretReference, answer: Any) -> str | None:
    if reference.service is SecretService.PARAMETERS:
        answer, key = answer.get("Parameter") or {}, "Value"
    else:
        key = "SecretString"
    value = answer.get(key)
    return value if isinstance(value, str) else None


def _chosen(variable: str, reference: SecretReference, value: str | None) -> str:
    if value is None:
        raise _unusable(variable, "it holds bytes, and a variable holds text")
    if reference.field is None:
        return value
    try:
        field = json.loads(value)[reference.field]
    except (ValueError, KeyError, TypeError):
        field = None
    if not isinstance(field, str | int | float):
        raise _unusable(variable, f"it has no field {reference.field}") from None
    return str(field)


def _unreadable(variable: str, why: str) -> tuple[str, str, str]:
    return (
        "LD440",
        f"the secret of {variable} could not be read: {why}",
        "look at its reference in model.yaml, its key's policy, and the way there from the network",
    )


def _unusable(variable: str, why: str) -> LadleError:
    return LadleError(
        "LD441",
        f"the secret of {variable} is not what its reference says: {why}",
        "mend the reference in model.yaml, or the secret",
    )
