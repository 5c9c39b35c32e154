from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.experiments.secrets import masked, masked_value, portable_command

ROOT = PurePosixPath("/home/ada/shop")
TOKEN = "ghp_" + "a1B2c3D4" * 5


@given(st.binary())
def test_masking_keeps_every_other_byte_in_its_place(content: bytes) -> None:
    assert len(masked(content)) == len(content)
    assert masked(masked(content)) == masked(content)


def test_a_credential_in_a_log_or_patch_is_overwritten() -> None:
    assert (
        masked(f"+token = {TOKEN}\n+x = 1\n".encode()) == b"+token = " + b"*" * 44 + b"\n+x = 1\n"
    )


def test_a_password_in_an_address_is_overwritten() -> None:
    assert b"hunter" not in masked(b"cloning https://ada:hunter22@example.com/shop.git")


@pytest.mark.parametrize(
    ("argv", "stored"),
    [
        (["/opt/venv/bin/python3.11", "train.py"], ("python", "train.py")),
        (["python", "/home/ada/shop/train.py"], ("python", "train.py")),
        (["python", "--out=/home/ada/shop/m.onnx"], ("python", "--out=m.onnx")),
        (["./train", "-n", "3"], ("train", "-n", "3")),
        (
            ["python", "t.py", "--api-token", "x9K2mQ8vL4wR7tY1"],
            ("python", "t.py", "--api-token", "***"),
        ),
        (["python", "t.py", "--api-token=x9K2mQ8vL4wR7tY1"], ("python", "t.py", "--api-token=***")),
        (["python", "t.py", TOKEN], ("python", "t.py", "*" * len(TOKEN))),
        (
            ["python", "t.py", "--tokens", "words", "--seed", "1"],
            ("python", "t.py", "--tokens", "words", "--seed", "1"),
        ),
        ([], ()),
    ],
)
def test_a_command_means_the_same_in_another_checkout(
    argv: list[str], stored: tuple[str, ...]
) -> None:
    assert portable_command(argv, ROOT) == stored


@given(st.lists(st.text(max_size=20), max_size=6))
def test_no_command_is_too_strange(argv: list[str]) -> None:
    assert len(portable_command(argv, ROOT)) == len(argv)


def test_a_secret_parameter_is_masked_at_every_depth() -> None:
    stored = masked_value("store", {"api_key": "x9K2mQ8vL4wR7tY1", "retries": [1, TOKEN]})
    assert stored == {"api_key": "***", "retries": [1, "*" * len(TOKEN)]}
