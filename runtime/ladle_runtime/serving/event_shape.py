"""Whether an event of Lambda has the shape that AWS gives it: whoever may invoke may send any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_body(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_texts(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and all(map(_is_text, value.values())))


def _is_lists(value: Any) -> bool:
    return value is None or (
        isinstance(value, Mapping)
        and all(isinstance(texts, list) and all(map(_is_text, texts)) for texts in value.values())
    )


_FIELDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "httpMethod": _is_text,
    "path": _is_text,
    "rawPath": _is_text,
    "rawQueryString": _is_text,
    "body": _is_body,
    "headers": _is_texts,
    "queryStringParameters": _is_texts,
    "multiValueHeaders": _is_lists,
    "multiValueQueryStringParameters": _is_lists,
}


def is_whole(event: Mapping[str, Any]) -> bool:
    """Fields that are missing are for those who read them to miss."""
    http = event["requestContext"].get("http", {})
    return _is_texts(http) and all(
        is_right(event[name]) for name, is_right in _FIELDS.items() if name in event
    )
