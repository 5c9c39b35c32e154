"""Values that a JSON Schema allows, drawn by chance: its limits as often as what lies between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

Schema = Mapping[str, Any]

_MORE_ITEMS: Final = 3  # than a list must have
_TEXTS: Final = ("", "a", "ä\u0000", "0", "true", "\U0001f944" * 3)


def value(schema: Schema, random: Random) -> Any:
    for ways in ("anyOf", "oneOf"):
        if ways in schema:
            return value(random.choice(schema[ways]), random)
    if "const" in schema:
        return schema["const"]
    make = _MAKERS.get(schema.get("type", ""))
    return random.choice((None, 0, "a", [], {})) if make is None else make(schema, random)


def _object(schema: Schema, random: Random) -> dict[str, Any]:
    required = schema.get("required", ())
    return {
        name: value(of, random)
        for name, of in schema.get("properties", {}).items()
        if name in required or random.random() < 0.2
    }


def _array(schema: Schema, random: Random) -> list[Any]:
    """Items repeat: what is in a row matters less than that there are many kinds of rows."""
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", least + _MORE_ITEMS), least + _MORE_ITEMS)
    size = random.randint(least, most)
    few = [value(schema.get("items", {}), random) for _ in range(min(size, _MORE_ITEMS))]
    return [few[at % len(few)] for at in range(size)]


def _integer(schema: Schema, random: Random) -> int:
    least, most = schema.get("minimum", -(2**31)), schema.get("maximum", 2**31 - 1)
    return random.choice((least, most, max(least, 0), random.randint(least, most)))


def _number(schema: Schema, random: Random) -> float:
    least, most = schema.get("minimum", -1e308), schema.get("maximum", 1e308)
    return random.choice((least, most, 0.0, -0.0, 5e-324, random.uniform(-10, 10)))


def _text(_: Schema, random: Random) -> str:
    return random.choice(_TEXTS)


def _truth(_: Schema, random: Random) -> bool:
    return random.random() < 0.5


def _null(_: Schema, __: Random) -> None:
    return None


_MAKERS: Final[Mapping[str, Callable[[Schema, Random], Any]]] = {
    "object": _object,
    "array": _array,
    "integer": _integer,
    "number": _number,
    "string": _text,
    "boolean": _truth,
    "null": _null,
}
