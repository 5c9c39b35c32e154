"""What a run made in an account is found by its names and deleted; what was there before is not touched.

A run begins only where Ladle is not, so that store, tables and secret, which no stack deletes, are
its own. A mark in the store says so: without it nothing of the platform is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from tests.live.clients import client

from ladle import names
from ladle.aws.faults import code_of
from ladle.aws.session import AwsSession
from ladle.aws.stack_reader import AwsStackReader
from ladle.aws.stacks import AwsStacks
from ladle.errors import LadleError

TABLES = (
    names.EXPERIMENTS_TABLE,
    names.RELEASES_TABLE,
    names.COUNTERS_TABLE,
    names.PREDICTIONS_TABLE,
)
Step = tuple[str, Callable[[], Any]]
POLICY = "live"  # that a check puts on a role
LOGS = "/aws/lambda/ladle-"  # of the platform's functions and of each model's
_GONE = {"404", "NoSuchBucket", "NoSuchEntity", "NoSuchKey", "ResourceNotFoundException"}


def bucket_of(session: AwsSession) -> str:
    return names.store_bucket(session.account, session.region)


def mark_of(run: str) -> str:
    return f"live/{run}"


def is_free(session: AwsSession) -> bool:
    """Whether nothing of Ladle is in this account and region."""
    is_there = AwsStackReader(session.cloudformation).exists(names.PLATFORM_STACK)
    return not is_there and not _has_bucket(session)


def mark(session: AwsSession, run: str) -> None:
    session.s3.put_object(
        Bucket=bucket_of(session), Key=mark_of(run), Body=b"scripts/live made this"
    )


def clean(session: AwsSession, run: str, say: Callable[[str], None]) -> list[str]:
    """Deletes what the run made, again if it must; what could not be deleted, with the reason."""
    left = []
    for what, delete in _steps(session, run):
        try:
            delete()
        except ClientError as error:
            if code_of(error) not in _GONE:
                left.append(f"{what}: {error}")
                continue
        except (LadleError, BotoCoreError) as error:
            left.append(f"{what}: {error}")
            continue
        say(f"deleted {what}")
    return left


def _steps(session: AwsSession, run: str) -> Iterator[Step]:
    """Each is looked for when those before it have been deleted. The bucket is the last, with the
    mark in it, so that a run that is cut off while it cleans can go on.
    """
    stacks = AwsStacks(session.cloudformation)
    yield from _of_a_check(session, f"live-{run}-")
    for stack in _stacks_of(session, run):
        yield f"the stack {stack}", partial(stacks.remove, stack)
    yield from _log_groups(session, f"/ladle/live-{run}-")
    yield from _log_groups(session, f"/aws/sagemaker/Endpoints/ladle-live-{run}-")
    if not _is_own(session, run):
        return
    if stacks.exists(names.PLATFORM_STACK):
        yield f"the stack {names.PLATFORM_STACK}", partial(stacks.remove, names.PLATFORM_STACK)
    yield from _log_groups(session, LOGS)
    for table in TABLES:
        delete = partial(session.dynamodb.delete_table, TableName=table)
        yield f"the table {table}", delete
    secret = partial(session.secrets.delete_secret, SecretId=names.MASTER_SECRET)
    yield f"the secret {names.MASTER_SECRET}", partial(secret, ForceDeleteWithoutRecovery=True)
    yield f"the bucket {bucket_of(session)}", partial(empty, session, bucket_of(session))


def _of_a_check(session: AwsSession, prefix: str) -> Iterator[Step]:
    """What a check that was cut off could not take back; a role with a policy of its own would keep
    its stack from being deleted.
    """
    iam, parameters = client(session, "iam"), client(session, "ssm")
    pages = iam.get_paginator("list_roles").paginate()
    for role in [role["RoleName"] for page in pages for role in page["Roles"]]:
        if role.startswith((prefix, f"ladle-{prefix}")):
            policy = partial(iam.delete_role_policy, RoleName=role, PolicyName=POLICY)
            yield f"the policy {POLICY} of {role}, if it had it", policy
        if role.startswith(prefix):
            yield f"the role {role}", partial(iam.delete_role, RoleName=role)
    wanted = {"Key": "Name", "Option": "BeginsWith", "Values": [f"/{prefix}"]}
    for bucket in [b["Name"] for b in session.s3.list_buckets()["Buckets"]]:
        if bucket.startswith(f"ladle-{prefix}"):
            yield f"the bucket {bucket}", partial(empty, session, bucket)
    for row in parameters.describe_parameters(ParameterFilters=[wanted])["Parameters"]:
        delete = partial(parameters.delete_parameter, Name=row["Name"])
        yield f"the parameter {row['Name']}", delete


def _stacks_of(session: AwsSession, run: str) -> list[str]:
    pages = session.cloudformation.get_paginator("describe_stacks").paginate()
    found = [stack["StackName"] for page in pages for stack in page["Stacks"]]
    return [name for name in found if name.startswith(names.model_stack(f"live-{run}-"))]


def _is_own(session: AwsSession, run: str) -> bool:
    try:
        session.s3.head_object(Bucket=bucket_of(session), Key=mark_of(run))
    except ClientError as error:
        if code_of(error) in _GONE:
            return False
        raise
    return True


def _has_bucket(session: AwsSession) -> bool:
    try:
        session.s3.head_bucket(Bucket=bucket_of(session))
    except ClientError as error:
        if code_of(error) in _GONE:
            return False
        raise
    return True


def _log_groups(session: AwsSession, prefix: str) -> Iterator[Step]:
    pages = session.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    for name in [group["logGroupName"] for page in pages for group in page["logGroups"]]:
        yield f"the log {name}", partial(session.logs.delete_log_group, logGroupName=name)


def empty(session: AwsSession, bucket: str) -> None:
    """Every version but a run's mark first, then the mark, then the bucket."""
    pages = session.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
    marks = []
    for page in pages:
        found: list[Any] = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        keys = [{"Key": o["Key"], "VersionId": o["VersionId"]} for o in found]
        marks += [key for key in keys if key["Key"].startswith("live/")]
        _delete_objects(session, bucket, [key for key in keys if key not in marks])
    _delete_objects(session, bucket, marks)
    session.s3.delete_bucket(Bucket=bucket)


def _delete_objects(session: AwsSession, bucket: str, keys: list[Any]) -> None:
    if keys:
        session.s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
