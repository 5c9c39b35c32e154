"""The stores of experiments on every adapter; what an emulator does not enforce is listed here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ladle import names
from ladle.aws.manifest_store import DynamoManifestStore
from ladle.aws.object_store import S3ObjectStore
from ladle.aws.session import AwsSession
from ladle.aws.upkeep import DynamoUpkeep
from ladle.digest import Digest
from ladle.disk.manifest_store import DiskManifestStore
from ladle.disk.object_store import DiskObjectStore
from ladle.disk.upkeep import DiskUpkeep
from ladle.disk.workspace import disk_workspace
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import ManifestStore, ObjectStore, Upkeep, Workspace

ADAPTERS = ["disk", "moto", pytest.param("ministack", marks=pytest.mark.embedded)]
BUCKET = "ladle-store-contract"
TABLE = "ladle-experiments-contract"

# What an adapter does not do, though AWS does. A test that needs it skips by name.
EXCEPTIONS = {
    "disk": {"keeps old versions of an object"},
    "moto": {"refuses a wrong checksum", "serves several threads in one process"},
    "ministack": set[str](),
}


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def session(adapter: str, request: pytest.FixtureRequest) -> Iterator[AwsSession | None]:
    if adapter == "disk":
        yield None
    elif adapter == "moto":
        from moto import mock_aws

        with mock_aws():
            made = AwsSession("eu-west-1")
            made.s3.meta.events.register("before-sign.s3", _immutable)
            yield made
    else:
        yield AwsSession("us-east-1", request.getfixturevalue("ministack_endpoint"), embedded=True)


def _immutable(request: Any, **_: object) -> None:
    """moto reads no body that is a bytearray, though the SDK sends one as it is."""
    if isinstance(request.data, bytearray):
        request.data = bytes(request.data)


@pytest.fixture
def objects(session: AwsSession | None, tmp_path: Path) -> Iterator[ObjectStore]:
    if session is None:
        yield DiskObjectStore(tmp_path)
        return
    session.s3.create_bucket(
        Bucket=BUCKET,
        **(
            {"CreateBucketConfiguration": {"LocationConstraint": session.region}}
            if session.region != "us-east-1"
            else {}
        ),
    )
    session.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield S3ObjectStore(session.s3, BUCKET)
    listed = session.s3.list_object_versions(Bucket=BUCKET)
    for gone in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        session.s3.delete_object(Bucket=BUCKET, Key=gone["Key"], VersionId=gone["VersionId"])
    session.s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def manifests(session: AwsSession | None, tmp_path: Path) -> Iterator[ManifestStore]:
    if session is None:
        yield DiskManifestStore(tmp_path)
        return
    session.dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "at")
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "GSI1",
                "KeySchema": [
                    {"AttributeName": "sk", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    yield DynamoManifestStore(session.dynamodb, TABLE)
    session.dynamodb.delete_table(TableName=TABLE)


@pytest.fixture
def upkeep(
    session: AwsSession | None, manifests: ManifestStore, tmp_path: Path
) -> Iterator[Upkeep]:
    """Of the store that holds ``manifests``: its epoch fences their commits."""
    if session is None:
        yield DiskUpkeep(tmp_path)
    else:
        yield DynamoUpkeep(session.dynamodb, TABLE)


@pytest.fixture
def workspace(
    objects: ObjectStore, manifests: ManifestStore, upkeep: Upkeep, tmp_path: Path
) -> Workspace:
    """The adapter's store with a ledger of its own in a folder."""
    return replace(
        disk_workspace(tmp_path / "ledger", "contract"),
        objects=objects,
        manifests=manifests,
        upkeep=upkeep,
    )


@pytest.fixture
def overwrite(session: AwsSession | None, tmp_path: Path) -> Callable[[Digest, bytes], None]:
    """What somebody with write access to the bucket or folder could do to an object."""

    def put_other_bytes(digest: Digest, content: bytes) -> None:
        key = names.object_key(digest.hex)
        if session is None:
            path = tmp_path / "objects" / key
            path.chmod(0o644)
            path.write_bytes(content)
        else:
            session.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    return put_other_bytes


@pytest.fixture
def delete(session: AwsSession | None, tmp_path: Path) -> Callable[[Digest], None]:
    """The same somebody, every version included."""

    def delete_for_good(digest: Digest) -> None:
        key = names.object_key(digest.hex)
        if session is None:
            (tmp_path / "objects" / key).unlink()
            return
        for version in session.s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"]:
            session.s3.delete_object(Bucket=BUCKET, Key=key, VersionId=version["VersionId"])

    return delete_for_good


@pytest.fixture
def edit_manifest(session: AwsSession | None, tmp_path: Path) -> Callable[[str, str, str], None]:
    """Replaces text in a stored manifest, as an editor would."""

    def edit(experiment_id: str, old: str, new: str) -> None:
        if session is None:
            (path,) = (tmp_path / "manifests").rglob("*.json")
            path.chmod(0o644)
            path.write_text(path.read_text().replace(old, new))
            return
        key = {"pk": {"S": f"EXP#{experiment_id}"}, "sk": {"S": "MANIFEST"}}
        body = session.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]["body"]["S"]
        session.dynamodb.update_item(
            TableName=TABLE,
            Key=key,
            UpdateExpression="SET body = :body",
            ExpressionAttributeValues={":body": {"S": body.replace(old, new)}},
        )

    return edit


@pytest.fixture
def drop_manifest(
    session: AwsSession | None, tmp_path: Path
) -> Callable[[RecordedExperiment], None]:
    """Every row of an experiment; of the newest the head, too."""

    def drop(recorded: RecordedExperiment) -> None:
        id_, sequence = recorded.manifest.id, f"{recorded.sequence:012d}"
        if session is None:
            (tmp_path / "manifests" / recorded.manifest.model / f"{sequence}.json").unlink()
            (tmp_path / "ids" / id_).unlink()
            return
        model = f"MODEL#{recorded.manifest.model}"
        head = {"pk": {"S": model}, "sk": {"S": "HEAD"}}
        rows = [(f"EXP#{id_}", "MANIFEST"), (model, f"V#{sequence}")]
        if session.dynamodb.get_item(TableName=TABLE, Key=head)["Item"]["id"]["S"] == id_:
            rows.append((model, "HEAD"))
        for pk, sk in rows:
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            session.dynamodb.delete_item(TableName=TABLE, Key=key)

    return drop


@pytest.fixture
def needs(adapter: str) -> Callable[[str], None]:
    def skip_unless(ability: str) -> None:
        if ability in EXCEPTIONS[adapter]:
            pytest.skip(f"{adapter} never {ability}")

    return skip_unless
