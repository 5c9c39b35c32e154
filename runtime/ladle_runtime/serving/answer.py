"""What leaves by any door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ladle_runtime.serving.problems import PROBLEM_TYPE, problem, status_of


class Answer(NamedTuple):
    """``headers`` are those beside the content type."""

    status: int
    content_type: str
    body: bytes
    headers: Sequence[tuple[str, str]] = ()


def refusal(code: str, detail: str, retry_after_s: int | None = None) -> Answer:
    headers = () if retry_after_s is None else (("retry-after", str(retry_after_s)),)
    return Answer(status_of(code), PROBLEM_TYPE, problem(code, detail), headers)
