"""What a reference of a secret may look like, and that nothing else is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.specs import spec_of

from ladle.planning import permissions
from ladle.secret_reference import SecretReference, SecretService

KEY = "arn:aws:kms:eu-west-1:111122223333:key/0f3d-aa"
ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/fraud-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-west-1:111122223333:parameter/prod/host"
SM, SSM = SecretService.SECRETS_MANAGER, SecretService.PARAMETERS
NAMES = st.from_regex(r"[A-Za-z0-9/_.-]{1,40}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("secretsmanager:prod/fraud", SecretReference(SM, "prod/fraud", None, None, None)),
        (f"{ARN}#token", SecretReference(SM, ARN, "token", None, "us-east-1")),
        (f"ssm:/prod/host?kms={KEY}", SecretReference(SSM, "/prod/host", None, KEY, None)),
        (PARAMETER, SecretReference(SSM, PARAMETER, None, None, "eu-west-1")),
        (f"secretsmanager:a?kms={KEY}#b", SecretReference(SM, "a", "b", KEY, None)),
    ],
)
def test_a_reference_says_service_name_field_and_key(text: str, expected: SecretReference) -> None:
    assert SecretReference.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "hunter2",
        "",
        "secretsmanager:",
        "vault:prod",
        "ssm:/a b",
        "secretsmanager:a?kms=key",
        ARN + "\n",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert SecretReference.parse(text) is None


@given(st.text())
def test_a_text_without_a_service_is_no_reference(text: str) -> None:
    named = text.startswith(("secretsmanager:", "ssm:", "arn:aws"))
    assert named or SecretReference.parse(text) is None


@given(NAMES, NAMES)
def test_a_role_may_read_exactly_what_is_named(name: str, other: str) -> None:
    config = "name: fraud\nmodel: model.onnx\ntype: classification\n"
    spec = spec_of(f"{config}secrets: {{A: 'secretsmanager:{name}', B: 'ssm:/{other}'}}\n")
    [read, got] = permissions.secrets(spec)
    assert [t.arn.rpartition(":secret:")[2] for t in read.things] == [f"{name}-??????"]
    assert [t.arn.rpartition(":parameter/")[2] for t in got.things] == [other.removeprefix("/")]
