"""The transforms that story tests deploy fail as they say, each in its own way.

To deploy one: copy it over the package's ``transform.py`` and name it in ``model.yaml``.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

REQUEST = {"inputs": [[1, 2, 3, 4]]}
Start = Callable[[str], Any]


@pytest.fixture
def start(start_function: Any, environment: Mapping[str, str], root: Path) -> Start:
    def start_with(transform: str) -> Any:
        spec = {**json.loads(environment["LADLE_SPEC"]), "transform": transform}
        folder = root / "tests" / "story" / "fixtures" / "transforms"
        return start_function(LADLE_SPEC=json.dumps(spec), LAMBDA_TASK_ROOT=str(folder))

    return start_with


def test_one_never_answers(start: Start) -> None:
    with start("times_out.py") as function:
        function.api.send(json.dumps(REQUEST).encode())
        with pytest.raises(TimeoutError):
            function.api.answer(1.5)
        assert function.process.poll() is None
        assert function.lines() == []


def test_one_is_killed_and_prints_no_line(start: Start) -> None:
    with start("runs_out_of_memory.py") as function:
        function.api.send(json.dumps(REQUEST).encode())
        assert function.process.wait(20) == -signal.SIGKILL
        assert function.lines() == []


def test_one_does_not_start(start: Start) -> None:
    with start("cannot_be_imported.py") as function:
        assert "a_package_that_nobody_has" in json.dumps(function.api.init_error())
        assert function.process.wait(20) == 1


def test_one_answers_500_and_counts_as_failed(start: Start) -> None:
    with start("raises.py") as function:
        answer = function.invoke(REQUEST)
        assert (answer.failed, answer.payload["code"]) == (False, "LD402")
        assert any('"o":"failed"' in line for line in function.lines())
