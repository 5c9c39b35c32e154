"""A repository may add to each model's stack: ``extend(stack, spec)`` of its ``stacks/extra.py``."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import cast

from ladle.errors import LadleError
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks.model_stack import ModelStack

FILE = Path("stacks") / "extra.py"
Extend = Callable[[ModelStack, ServiceSpec], None]


def read_extension(repository: Path) -> Extend | None:
    """None where there is no such file. Raises LadleError LD234 for one that cannot be used."""
    path = repository / FILE
    if not path.is_file():
        return None
    found = spec_from_file_location("ladle_extra", path)
    if found is None or found.loader is None:
        raise LadleError("LD234", f"{FILE} cannot be read as Python", "see docs/extending.md")
    module = module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except Exception as error:
        raise _failed(path, error) from error
    extend = getattr(module, "extend", None)
    if not callable(extend):
        what = f"{FILE} has no function extend(stack, spec)"
        raise LadleError("LD234", what, "add it, or remove the file")
    return cast(Extend, extend)


def extended(repository: Path, extend: Extend, stack: ModelStack, spec: ServiceSpec) -> None:
    """Raises LadleError LD234 with the line of the repository's own that failed."""
    try:
        extend(stack, spec)
    except LadleError:
        raise
    except Exception as error:
        raise _failed(repository / FILE, error) from error


def _failed(path: Path, error: Exception) -> LadleError:
    line = error.lineno if isinstance(error, SyntaxError) else _line_of(path, error)
    said = (str(error).splitlines() or [""])[0]
    what = f"{FILE}:{line}: {type(error).__name__}: {said}"
    return LadleError("LD234", what, "mend it there; docs/extending.md shows what it is given")


def _line_of(path: Path, error: Exception) -> int | None:
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return lines[-1] if lines else None
