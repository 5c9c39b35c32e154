"""A credential is refused wherever it stands, and is never shown again. All of these are invented."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.config.examples import THREE

from ladle.config.leaks import SHAPES
from ladle.config.parse import parse

SECRETS = sorted(SHAPES)
PLACES = {
    "a variable": "env: {{CHANNEL: '{secret}'}}\n",
    "a comment": "# {secret}\n",
    "a wrong choice": "target: '{secret}'\n",
    "a wrong number": "compute: {{gpu: '{secret}'}}\n",
    "a wrong address": "notify: ['{secret}']\n",
    "an unknown key": "'{secret}': 1\n",
    "a broken line": "tags: {{team: '{secret}'\n",
}


def shown(text: str) -> str:
    findings = parse(text.encode(), "model.yaml").findings
    assert "LD119" in {f.code for f in findings}, text
    return "\n".join(str(dataclasses.astuple(f)) for f in findings)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("issuer", SECRETS)
@settings(max_examples=3)
@given(data=st.data())
def test_a_secret_is_refused_and_not_echoed(issuer: str, place: str, data: st.DataObject) -> None:
    pattern = SHAPES[issuer].replace(r"\b", "").replace(r"\-", "-")
    secret = data.draw(
        st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    )
    if any(c in secret for c in "\n\r'\"\\") or not secret.isprintable():
        secret = "AKIA" + "Q" * 16
    assert secret not in shown(THREE + PLACES[place].format(secret=secret))


def test_a_variable_called_like_a_secret_is_refused_when_it_looks_random() -> None:
    text = THREE + "env: {DB_PASSWORD: rT7-pq1Zx9_0kLmW2}\n"
    assert "rT7-pq1" not in shown(text)


def test_a_password_that_a_person_chose_is_refused_too() -> None:
    assert "hunter2" not in shown(THREE + "env: {DB_PASSWORD: hunter2hunter2}\n")


def test_where_a_tokenizer_lies_is_no_secret() -> None:
    text = THREE + "env: {TOKENIZER: s3://models-of-ours/tokenizer-v2.json}\n"
    assert parse(text.encode(), "model.yaml").config


@pytest.mark.parametrize(
    "value", ["the-one-in-the-vault", "PLACEHOLDER", "0123456789012345", "true", "tokenizer.json"]
)
def test_a_word_that_a_person_chose_is_no_secret(value: str) -> None:
    assert parse((THREE + f"env: {{API_TOKEN: '{value}'}}\n").encode(), "model.yaml").config


def test_at_least_twenty_shapes_are_known() -> None:
    assert len(SHAPES) >= 20
