"""A request as SageMaker passes it to a container: a body, and the few headers that it lets through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ladle.errors import LadleError

ATTRIBUTES: Final = "x-amzn-sagemaker-custom-attributes"
# What it calls a caller's headers.
_PASSED: Final = {
    "content-type": "ContentType",
    "accept": "Accept",
    ATTRIBUTES: "CustomAttributes",
}
_FOLDED: Final = ("ladle-shape", "ladle-output")  # of ours, which travel inside of the last
_TAKEN: Final = re.compile(r"[\x20-\x7e]{1,1024}")


@dataclass(frozen=True, slots=True)
class Request:
    """``headers`` under SageMaker's names for them."""

    content: bytes
    headers: Mapping[str, str]

    @classmethod
    def of(cls, content: bytes, sent: Mapping[str, str]) -> Request:
        """``sent`` under lower-case names; without a content type a body is JSON, as at every other door.

        Raises LadleError LD450.
        """
        folded = [f"{name}={sent[name]}" for name in _FOLDED if sent.get(name)]
        attributes = "; ".join(filter(None, (sent.get(ATTRIBUTES), *folded)))
        told = {"content-type": "application/json", **sent, ATTRIBUTES: attributes}
        passed = {name: told[name] for name in _PASSED if told.get(name)}
        for name, value in passed.items():
            if not _TAKEN.fullmatch(value):
                what = f"the header {name} is no printable ASCII of at most 1024 characters"
                raise LadleError("LD450", what, "shorten it, or leave it out")
        return cls(content, {_PASSED[name]: value for name, value in passed.items()})
