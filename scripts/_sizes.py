"""A module has at most 300 lines and a function 40; an exception says why, in a `# long:` comment.

The comment stands on the function's `def` line, or among the module's first three lines.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES = 300
FUNCTION_LINES = 40
FOLDERS = ("src", "stacks", "runtime", "tests", "scripts", "bench")
EXCUSED = re.compile(r"# long: \S+ \S+")


def too_long(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if len(lines) > MODULE_LINES and not EXCUSED.search("\n".join(lines[:3])):
        yield f"{path}:1 the module has {len(lines)} lines, {MODULE_LINES} is the ceiling"
    for node in ast.walk(ast.parse(text, str(path))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = function_lines(node)
        if length > FUNCTION_LINES and not EXCUSED.search(lines[node.lineno - 1]):
            where = f"{path}:{node.lineno} {node.name}"
            yield f"{where} has {length} lines, {FUNCTION_LINES} is the ceiling"


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From `def` to the end, without the docstring: explaining must not cost."""
    assert node.end_lineno is not None
    first = node.body[0]
    documented = ast.get_docstring(node, clean=False) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if documented else 0
    return node.end_lineno - node.lineno + 1 - docstring


def main(root: Path) -> int:
    paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]
    findings = [finding for path in paths for finding in too_long(path)]
    for finding in findings:
        print(finding, file=sys.stderr)
    if findings:
        print(
            "  help: split it, or say why: `# long: <reason>` (scripts/_sizes.py)", file=sys.stderr
        )
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main(Path(*sys.argv[1:] or ["."])))
