"""The size ceilings: that the checkout keeps them, and that the check can see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LONG_BODY = "\n".join(f"    x{i} = {i}" for i in range(45))


def sizes(root: Path, checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "scripts" / "_sizes.py"), str(checkout)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    return tmp_path


def test_every_module_and_function_keeps_the_ceiling(root: Path) -> None:
    found = sizes(root, root)
    assert found.returncode == 0, found.stderr


def test_a_long_function_is_found(root: Path, checkout: Path) -> None:
    (checkout / "src" / "a.py").write_text(f"def grown():\n{LONG_BODY}\n")
    found = sizes(root, checkout)
    assert found.returncode == 1
    assert "a.py:1 grown has 46 lines, 40 is the ceiling" in found.stderr


def test_a_long_function_may_say_why(root: Path, checkout: Path) -> None:
    source = f"def table():  # long: one row per state\n{LONG_BODY}\n"
    (checkout / "src" / "a.py").write_text(source)
    assert sizes(root, checkout).returncode == 0


def test_a_marker_without_a_reason_excuses_nothing(root: Path, checkout: Path) -> None:
    (checkout / "src" / "a.py").write_text(f"def grown():  # long:\n{LONG_BODY}\n")
    assert sizes(root, checkout).returncode == 1


def test_a_docstring_does_not_count(root: Path, checkout: Path) -> None:
    docstring = '    """First.\n' + "    more\n" * 45 + '    """\n'
    (checkout / "src" / "a.py").write_text(f"def told():\n{docstring}    return 1\n")
    assert sizes(root, checkout).returncode == 0


def test_a_long_module_is_found(root: Path, checkout: Path) -> None:
    (checkout / "src" / "a.py").write_text("x = 1\n" * 301)
    assert "the module has 301 lines" in sizes(root, checkout).stderr
