"""``monitor.key`` is one path into the output, or a list of up to five; inside, one text of them all."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

MOST = 5
# As the serving runtime reads it: $.label, $.scores[0], $["a name"].value
PATH = r"""^\$(\.[A-Za-z_][\w-]*|\[[0-9]+\]|\["[^"]+"\])+$"""
_FIX = 'write it as $.label, $.scores[0] or $["a name"].value, or as a list of up to five of them'


def read_key(given: Any) -> str:
    """``$.a$.b`` for ``[$.a, $.b]``: a path begins with its dollar sign."""
    paths = given if isinstance(given, list | tuple) else [given]
    is_path = [isinstance(path, str) and re.fullmatch(PATH, path) for path in paths]
    if not all(is_path) or not 1 <= len(paths) <= MOST or len(set(paths)) < len(paths):
        what = "is not a path in the output"
        raise PydanticCustomError("ladle", "{what}", {"code": "LD113", "what": what, "fix": _FIX})
    return "".join(paths)


def is_several(key: str) -> bool:
    return len(re.findall(r"\$(?=[.\[])", re.sub(r'"[^"]*"', "", key))) > 1


_ONE = {"type": "string", "pattern": PATH}
_SEVERAL = {"type": "array", "items": _ONE, "minItems": 1, "maxItems": MOST, "uniqueItems": True}
OutcomeKey = Annotated[str, BeforeValidator(read_key), WithJsonSchema({"anyOf": [_ONE, _SEVERAL]})]
