"""Ladle: ship a model by committing a config. `import ladle` alone loads nothing heavy."""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ladle.client import Client as Client
    from ladle.recorder import record as record

__version__: Final = "0.1.0"

_HOMES: Final = {"record": "ladle.recorder", "Client": "ladle.client"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
