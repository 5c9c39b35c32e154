"""A task's credentials come from the machine that it runs on, and from nowhere else."""

from __future__ import annotations

import json

import pytest

from ladle.errors import LadleError
from ladle_runtime.serving.container_credentials import with_credentials

TASK = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1", "LADLE_MODEL": "fraud"}
ANSWER = {"AccessKeyId": "id", "SecretAccessKey": "key", "Token": "token", "RoleArn": "arn"}


def nobody(path: str) -> bytes:
    raise ConnectionRefusedError(path)


def test_a_task_gets_the_keys_of_its_role() -> None:
    asked: list[str] = []

    def answer(path: str) -> bytes:
        asked.append(path)
        return json.dumps(ANSWER).encode()

    env = with_credentials(TASK, answer)
    assert asked == ["/v2/credentials/1"]
    assert env["AWS_ACCESS_KEY_ID"] == "id"
    assert env["AWS_SECRET_ACCESS_KEY"] == "key"
    assert env["AWS_SESSION_TOKEN"] == "token"
    assert env["LADLE_MODEL"] == "fraud"


@pytest.mark.parametrize("env", [{}, {"AWS_ACCESS_KEY_ID": "own", **TASK}])
def test_nobody_is_asked_who_has_keys_or_is_no_task(env: dict[str, str]) -> None:
    assert with_credentials(env, nobody) == env


@pytest.mark.parametrize("answer", [b"", b"{}", b"[]"])
def test_an_answer_without_keys_is_told_as_what_it_is(answer: bytes) -> None:
    with pytest.raises(LadleError, match="LD426"):
        with_credentials(TASK, lambda _path: answer)


def test_silence_is_told_as_what_it_is() -> None:
    with pytest.raises(LadleError, match="LD426"):
        with_credentials(TASK, nobody)


def test_a_function_that_begins_from_a_snapshot_asks_the_address_that_it_is_given() -> None:
    asked: list[str] = []
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9001/credentials"}

    def answer(url: str) -> bytes:
        asked.append(url)
        return json.dumps(ANSWER).encode()

    found = with_credentials(env, answer)
    assert asked == ["http://127.0.0.1:9001/credentials"]
    assert found["AWS_SESSION_TOKEN"] == "token"


@pytest.mark.parametrize("url", ["http://example.com/keys", "https://127.0.0.1/keys"])
def test_no_other_machine_is_asked_for_credentials(url: str) -> None:
    with pytest.raises(LadleError, match="is not this machine"):
        with_credentials({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})
