"""Keys that belong to a later issue are refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any

from ladle.catalog import ModelType
from ladle.config.checks import IN_S3
from ladle.config.document import Path
from ladle.config.mistake import Mistake
from ladle.config.schema import ModelConfig

Attribute = Callable[[ModelConfig], Any]

# Key -> what is missing behind it. Any value but the default is refused.
KEYS: dict[Path, str] = {
    ("api",): "only realtime is; target: sagemaker-async answers later",
}
FIX = "remove it; docs/errors.md lists what is not yet built"


def not_yet(config: ModelConfig) -> Iterator[Mistake]:
    for path, attribute, default, reason in _keys():
        if (value := attribute(config)) != default:
            shown = f": {value}" if isinstance(value, str) else ""
            what = f"{'.'.join(map(str, path))}{shown} is not yet built: {reason}"
            yield Mistake(path, "LD902", what, FIX, (path,))
    if "://" in config.model and not config.model.startswith(IN_S3):
        what = "reading a model from this address is not yet built: files, pinned and s3:// are"
        fix = "put it into S3, record and pin it, or put the file here"
        yield Mistake(("model",), "LD902", what, fix, (("model",),))


@cache
def _keys() -> tuple[tuple[Path, Attribute, Any, str], ...]:
    plain = ModelConfig(name="plain", model="model.onnx", type=ModelType.GENERIC)
    getters = ((path, _attribute(path), reason) for path, reason in KEYS.items())
    return tuple((path, get, get(plain), reason) for path, get, reason in getters)


def _attribute(path: Path) -> Attribute:
    """Reads the value at a path of keys, whose Python names may carry a unit."""
    names, section = [], ModelConfig
    for key in path:
        name, field = next((n, f) for n, f in section.model_fields.items() if (f.alias or n) == key)
        names.append(name)
        section = type(field.default)
    return attrgetter(".".join(names))
