"""scripts/live says what each check found, and takes away its own and nothing else. On moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws
from tests.live import leavings
from tests.live.checks import Check, Needs
from tests.live.clients import client
from tests.live.page import Row
from tests.live.run import play

from ladle import names
from ladle.aws.session import AwsSession
from ladle.errors import LadleError

RUN = "ab12"
PLAIN_STACK = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


ANY_POLICY = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}"""


# What a check found


def found(check: Check, *, embedded: bool = False, has: frozenset[Needs] = frozenset()) -> str:
    """The line that is said of it."""
    said: list[str] = []
    row = Row(check.id, "the sun shines", "nobody is outside", "look")
    place: Any = SimpleNamespace(embedded=embedded)
    play([check], {check.id: row}, place, set(has), said.append)
    (line,) = said
    return " ".join(line.split())


def raising(error: Exception) -> Callable[[Any], str]:
    def ask(_: Any) -> str:
        raise error

    return ask


def test_a_check_passes_with_its_evidence() -> None:
    assert found(Check("sky.sun", lambda _: "it is warm")) == "pass sky.sun it is warm"


@pytest.mark.parametrize(
    "error", [AssertionError("dark"), LadleError("LD999", "dark", ""), OSError("dark")]
)
def test_a_check_fails_with_what_was_believed_and_why_not(error: Exception) -> None:
    said = found(Check("sky.sun", raising(error)))
    assert said.startswith("FAIL sky.sun the sun shines: ")
    assert said.endswith("dark")


def test_a_mistake_of_the_check_itself_is_no_finding() -> None:
    with pytest.raises(TypeError):
        found(Check("sky.sun", raising(TypeError())))


def test_what_the_embedded_aws_cannot_say_is_skipped_there() -> None:
    assert found(Check("sky.sun", lambda _: ""), embedded=True).startswith("skip sky.sun only AWS")
    assert found(Check("sky.sun", lambda _: "", here=True), embedded=True).startswith("pass")


def test_what_an_option_must_promise_is_skipped_without_it() -> None:
    check = Check("sky.sun", lambda _: "", needs=Needs.GPU)
    assert found(check) == "skip sky.sun needs --gpu"
    assert found(check, has=frozenset({Needs.GPU})).startswith("pass")


def test_what_a_person_asks_is_said_with_reason_and_command() -> None:
    assert found(Check("sky.sun", by_hand="needs eyes")) == "hand sky.sun needs eyes: look"


# What a run leaves


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with mock_aws():
        yield AwsSession("eu-west-1")


def platform(session: AwsSession) -> None:
    """What no stack deletes, and a stack."""
    bucket = leavings.bucket_of(session)
    session.s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    session.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for table in leavings.TABLES:
        session.dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    session.secrets.create_secret(Name=names.MASTER_SECRET, SecretString="x")
    stack(session, names.PLATFORM_STACK)


def stack(session: AwsSession, name: str) -> None:
    session.cloudformation.create_stack(StackName=name, TemplateBody=PLAIN_STACK)
    session.logs.create_log_group(logGroupName=f"/ladle/{name.removeprefix('ladle-model-')}")


def stacks(session: AwsSession) -> list[str]:
    return [s["StackName"] for s in session.cloudformation.describe_stacks()["Stacks"]]


def clean(session: AwsSession) -> list[str]:
    return leavings.clean(session, RUN, lambda _: None)


def test_all_that_a_run_made_goes_and_a_second_time_there_is_nothing(session: AwsSession) -> None:
    platform(session)
    leavings.mark(session, RUN)
    bucket = leavings.bucket_of(session)
    for _ in range(2):
        session.s3.put_object(Bucket=bucket, Key="release/live-ab12-first/x", Body=b"model")
    session.s3.delete_object(Bucket=bucket, Key="release/live-ab12-first/x")
    stack(session, "ladle-model-live-ab12-first")

    assert clean(session) == []
    assert leavings.is_free(session)
    assert stacks(session) == []
    assert session.dynamodb.list_tables()["TableNames"] == []
    assert session.secrets.list_secrets()["SecretList"] == []
    assert clean(session) == []


def test_a_platform_without_the_runs_mark_is_left_as_it_is(session: AwsSession) -> None:
    platform(session)
    stack(session, "ladle-model-live-ab12-first")
    stack(session, "ladle-model-live-ab1-of-another-run")
    stack(session, "ladle-model-fraud")

    assert clean(session) == []
    assert not leavings.is_free(session)
    assert set(stacks(session)) == {
        names.PLATFORM_STACK,
        "ladle-model-live-ab1-of-another-run",
        "ladle-model-fraud",
    }
    assert len(session.dynamodb.list_tables()["TableNames"]) == len(leavings.TABLES)
    logs = session.logs.describe_log_groups(logGroupNamePrefix="/ladle/")["logGroups"]
    assert "/ladle/live-ab12-first" not in [group["logGroupName"] for group in logs]


def test_what_a_check_put_on_a_role_goes_and_other_roles_keep_theirs(session: AwsSession) -> None:
    iam, kept = client(session, "iam"), ["ladle-fraud-router", "somebody"]
    for role in ("live-ab12-training", "ladle-live-ab12-first-router", *kept):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=ANY_POLICY)
        iam.put_role_policy(RoleName=role, PolicyName=leavings.POLICY, PolicyDocument=ANY_POLICY)

    assert clean(session) == []
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert set(roles) == {"ladle-live-ab12-first-router", *kept}
    left = {r: iam.list_role_policies(RoleName=r)["PolicyNames"] for r in roles}
    assert left.pop("ladle-live-ab12-first-router") == []
    assert set(map(tuple, left.values())) == {(leavings.POLICY,)}
