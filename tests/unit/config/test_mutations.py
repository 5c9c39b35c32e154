"""Whatever is done to a valid config, it stays valid or its mistake is told where it was made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.config.examples import BLOCK, WHOLE

from ladle.config.parse import parse

LETTERS = "abz_09.:-#\"'{}[],&*!|>%@`\t \n\\~é\x07\U0001f600"

# Two keys that do not go together: both are its place, and it is told at one of them.
CONTRADICTIONS = {"LD120", "LD123", "LD125"}


@st.composite
def mutations(draw: st.DrawFn, text: str) -> tuple[str, int]:
    """A text with one thing changed, and the line (from 1) where."""
    at = draw(st.integers(0, len(text) - 1))
    line = text.count("\n", 0, at) + 1
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    whole_line = text[start : end + 1]
    kind = draw(
        st.sampled_from(["insert", "delete", "replace", "drop line", "repeat line", "dedent"])
    )
    letter = draw(st.sampled_from(LETTERS))
    changed = {
        "insert": text[:at] + letter + text[at:],
        "delete": text[:at] + text[at + 1 :],
        "replace": text[:at] + letter + text[at + 1 :],
        "drop line": text[:start] + text[end + 1 :],
        "repeat line": text[: end + 1] + whole_line + text[end + 1 :],
        "dedent": text[:start] + text[start:].removeprefix("  "),
    }
    return changed[kind], line


@pytest.mark.parametrize("text", [BLOCK, WHOLE], ids=["block", "flow"])
@given(data=st.data())
def test_a_mutation_is_valid_or_is_told_beside_itself(text: str, data: st.DataObject) -> None:
    mutated, line = data.draw(mutations(text))
    reading = parse(mutated.encode(), "model.yaml")
    if reading.config is not None:
        return
    if any(f.code in CONTRADICTIONS for f in reading.findings):
        return
    told = [f.place.line for f in reading.findings if f.place and f.place.line]
    assert told, reading.findings
    assert min(abs(at - line) for at in told) <= 1, (line, reading.findings, mutated)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_a_traceback(content: bytes) -> None:
    reading = parse(content, "model.yaml")
    assert reading.config is None
    assert reading.findings


@given(st.text(alphabet=LETTERS, max_size=60))
def test_any_text_below_a_valid_config_is_read_without_a_traceback(more: str) -> None:
    reading = parse((BLOCK + more).encode(), "model.yaml")
    assert (reading.config is None) == bool(reading.findings)
