"""What is served is nobody else's business: no library under the function reports it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ANSWER_ONE = """
from ladle_runtime.serving.lambda_entry import handle
assert handle({"inputs": [[1, 2, 3, 4]]}, None)["predictions"]
"""


def test_serving_a_model_leaves_no_trace_in_the_home_folder(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    """onnxruntime keeps its reports in a database there until it can send them."""
    done = subprocess.run(
        [sys.executable, "-c", ANSWER_ONE],
        env={**environment, "PATH": os.defpath, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.rglob("*")) == []
