"""Ladle: ship a model by committing a config. `import ladle` alone loads nothing heavy."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ladle.client import Client as Client
    from ladle.recorder import record as record
    from ladle.tools.onnx_converter import to_onnx as to_onnx
    from ladle.tools.onnx_reference import with_reference as with_reference
    from ladle.version import __version__ as __version__

# Public name -> its module. Told by a string, so that no function's code reaches it.
_HOMES: Final = {
    "record": "ladle.recorder",
    "Client": "ladle.client",
    "to_onnx": "ladle.tools.onnx_converter",
    "with_reference": "ladle.tools.onnx_reference",
    "__version__": "ladle.version",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
