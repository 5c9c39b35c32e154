"""SageMaker's own training images, by framework, version, machine and region, as its SDK lists them."""

from __future__ import annotations

import re
from collections.abc import Callable

from ladle.errors import LadleError

_NAMED = re.compile(r"(?P<framework>[a-z][a-z-]*):(?P<version>\d[\w.-]*)")  # an address has a slash
_PYTHON = re.compile(r"-py3(?P<minor>\d+)")
_OLDEST_MINOR = 11
Retrieve = Callable[..., str]


def training_image(
    named: str, region: str, instance: str, open_sdk: Callable[[], Retrieve] | None = None
) -> str:
    """``pytorch:2.6`` becomes the image's address; an address stays as it is.

    Raises LD257 without the extra ``sagemaker``, and for what that SDK does not list.
    """
    found = _NAMED.fullmatch(named)
    if found is None:
        return named
    retrieve = (open_sdk or _sdk)()
    try:
        uri = retrieve(
            found["framework"],
            region,
            version=found["version"],
            instance_type=instance,
            image_scope="training",
        )
    except FileNotFoundError as error:
        raise _none(named, f"SageMaker has no framework {found['framework']}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _none(named, f"SageMaker has no such image: {error}") from error
    python = _PYTHON.search(uri)
    if python and int(python["minor"]) < _OLDEST_MINOR:
        raise _none(named, f"{uri} has Python 3.{python['minor']}, and Ladle needs 3.11")
    return uri


def _sdk() -> Retrieve:
    try:
        from sagemaker.core import image_uris
    except ImportError as error:
        raise LadleError(
            "LD257",
            "the images of frameworks are listed in SageMaker's SDK, which is not installed",
            "pip install 'ladle[sagemaker]'; or give the image's whole address as --image",
        ) from error
    retrieve: Retrieve = image_uris.retrieve
    return retrieve


def _none(named: str, why: str) -> LadleError:
    return LadleError(
        "LD257", f"{named}: {why}", "choose another version, or give a whole address as --image"
    )
