"""The files that a module needs are those that its imports reach, at any depth of the code.

Found by reading, never by importing: lazy imports inside functions count, imports for type checkers
do not. What is imported by a name made at run time must be given as an entry.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

_HOLDS_STATEMENTS = (ast.stmt, ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """``name`` is where the file lies in the function, POSIX separators; ``path`` where it is now."""

    name: str
    path: Path


def reached_files(entries: Iterable[str], roots: Mapping[str, Path]) -> tuple[SourceFile, ...]:
    """Files of ``roots`` (package -> its folder, or module -> its file) that ``entries`` import.

    Raises KeyError for an entry that is no module of a root.
    """
    found: dict[str, SourceFile | None] = {}  # None: no module of ours, an attribute perhaps
    waiting = list(entries)
    for entry in waiting:
        if _file_of(entry, roots) is None:
            raise KeyError(entry)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        file = found[module] = _file_of(module, roots)
        if file is not None:
            waiting += _imports(file.path.read_bytes(), module, file.path.name == "__init__.py")
    return tuple(sorted(file for file in found.values() if file))


def _file_of(module: str, roots: Mapping[str, Path]) -> SourceFile | None:
    package, _, rest = module.partition(".")
    if package not in roots:
        return None
    if roots[package].suffix == ".py":
        return None if rest else SourceFile(f"{package}.py", roots[package])
    parts = rest.split(".") if rest else []
    for tail in ([*parts, "__init__.py"], [*parts[:-1], f"{parts[-1]}.py"] if parts else []):
        path = roots[package].joinpath(*tail)
        if tail and path.is_file():
            return SourceFile("/".join([package, *tail]), path)
    return None


@cache
def _imports(source: bytes, module: str, is_package: bool) -> tuple[str, ...]:
    """Every dotted name that ``source`` might import, its own parent packages included."""
    package = module if is_package else module.rpartition(".")[0]
    names = {module.rpartition(".")[0]}
    for node in executed(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            written = "." * node.level + (node.module or "")
            base = resolve_name(written, package) if node.level else written
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return tuple(sorted({parent for name in names for parent in _with_parents(name)}))


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """All statements but the bodies of ``if TYPE_CHECKING``; no expression has an import in it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _HOLDS_STATEMENTS):
            continue
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for statement in child.orelse:
                yield statement
                yield from executed(statement)
        else:
            yield child
            yield from executed(child)


def _is_type_checking(test: ast.expr) -> bool:
    name = test.id if isinstance(test, ast.Name) else getattr(test, "attr", None)
    return name == "TYPE_CHECKING"


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        yield ".".join(parts[:length])
