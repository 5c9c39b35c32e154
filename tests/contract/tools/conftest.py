"""May touch: the file system below tmp_path, Git, and processes that Ladle starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.tools.shop import SCRIPT, Shop, model


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path / "shop")
    made.package.mkdir(parents=True)
    (made.package / "train.py").write_text(SCRIPT)
    (made.package / "train.csv").write_text("pixel,label\n0,3\n1,5\n2,3\n")
    (made.package / "model.onnx").write_bytes(model())
    (made.package / "model.yaml").write_text("name: digits\nmodel: model.onnx\ntype: generic\n")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "first"]):
        assert made.run("git", *words, cwd=made.root).returncode == 0
    return made
