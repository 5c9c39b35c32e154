"""What AWS answers, in Ladle's words: who must sign in, what may go through later, what is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
)

from ladle.errors import Forbidden, LadleError, NeedsCredentials, NotFound, Unavailable

_LATER = frozenset(
    {
        "InternalError",
        "InternalServerError",
        "ItemCollectionSizeLimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TransactionInProgressException",
    }
)
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_SIGN_IN = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "UnrecognizedClientException"}
)


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextlib.contextmanager
def asking(what: str) -> Iterator[None]:
    """``with asking("the store for …"):`` turns what botocore raises into a LadleError."""
    try:
        yield
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise NeedsCredentials(
            "LD241",
            f"AWS does not know who asks {what}: no credentials were found",
            "sign in (aws sso login), set AWS_PROFILE, or use the embedded AWS: ladle embedded up",
        ) from error
    except ClientError as error:
        raise _refused(what, error) from error
    except BotoCoreError as error:  # nobody listens, the line broke, a reply was cut short
        raise Unavailable(
            "LD314", f"AWS did not answer when asked {what}: {error}", "try again"
        ) from error


def _refused(what: str, error: ClientError) -> LadleError:
    code = code_of(error)
    if code in _LATER:
        return Unavailable("LD314", f"AWS was too busy when asked {what}: {code}", "try again")
    if code in _SIGN_IN:
        return NeedsCredentials(
            "LD241", f"AWS does not accept who asks {what}: {code}", "sign in again (aws sso login)"
        )
    message = error.response.get("Error", {}).get("Message", "")
    if code in _FORBIDDEN:
        return Forbidden(
            "LD319",
            f"AWS refused when asked {what}: {code} {message}".rstrip(),
            "give the role that AWS names the permission that it names; ladle deploy gives them all",
        )
    if code in {"NoSuchBucket", "ResourceNotFoundException"}:
        return NotFound(
            "LD318",
            f"this account and region has no Ladle platform ({what}: {code})",
            "ladle deploy makes it; or LADLE_WORKSPACE names another account or region",
        )
    return LadleError(
        "LD319",
        f"AWS refused when asked {what}: {code} {message}".rstrip(),
        "see the code at AWS; AccessDenied: the role needs the store's bucket and table",
    )
