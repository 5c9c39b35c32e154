"""What an import costs is part of the surface: nobody pays for what they do not call."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "aws_cdk",
    "boto3",
    "botocore",
    "fastapi",
    "jsii",
    "numpy",
    "onnxruntime",
    "pydantic",
    "rich",
    "ruamel",
    "typer",
}


def loaded_by(statement: str) -> set[str]:
    """The top-level names in sys.modules of a fresh Python that ran only ``statement``."""
    ask = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize("root", ["ladle", "ladle_stacks", "ladle_runtime"])
def test_importing_a_root_loads_nothing_heavy(root: str) -> None:
    assert not loaded_by(f"import {root}") & HEAVY


def test_the_version_is_known_without_loading_anything() -> None:
    assert not loaded_by("import ladle; assert ladle.__version__") & HEAVY


@pytest.mark.parametrize("part", ["releases", "policy", "quality", "planning", "why"])
def test_what_runs_on_aws_needs_the_standard_library_only(part: str) -> None:
    everything = (
        "import importlib, pkgutil, ladle.{0} as p\n"
        "for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.'):\n"
        "    importlib.import_module(m.name)"
    )
    assert not loaded_by(everything.format(part)) & (HEAVY - {"ruamel", "pydantic"})


def test_nothing_inside_imports_bare_ladle(root: Path) -> None:
    """`import ladle` would make the lazy names a way around the layers."""
    offenders = [
        f"{path.relative_to(root)}:{node.lineno}"
        for folder in ("src/ladle", "stacks/ladle_stacks", "runtime/ladle_runtime")
        for path in (root / folder).rglob("*.py")
        if "template" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(name.name == "ladle" for name in node.names))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "ladle"
            and any(name.name in {"record", "Client"} for name in node.names)
        )
    ]
    assert offenders == []
