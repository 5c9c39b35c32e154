"""``model: s3://…`` means one version of an object: pinned, checked, planned and copied. On moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws
from tests.story.tiny_model import tiny_model

from ladle.actions.make_bundle import make_bundle
from ladle.actions.pin_object import FetchObject, pin_object
from ladle.aws.bundle_store import AwsBundleStore
from ladle.aws.pinned_objects import fetch_object
from ladle.aws.session import AwsSession
from ladle.errors import LadleError, ManyFindings
from ladle.planning import permissions
from ladle.planning.pinned_object import PinnedObject
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.project.services import read_configs, read_services
from ladle.tools.model_jail import ModelJail
from ladle_runtime.handoff import bundle

REGION = "eu-west-1"
ADDRESS = "s3://team-models/fraud/model.onnx"
CONFIG = "# ours\nname: fraud\nmodel: model.onnx  # for now\ntype: classification\n"
FIRST, SECOND = tiny_model(threshold=0.0), tiny_model(threshold=1.0)


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with mock_aws():
        session = AwsSession(REGION)
        for bucket in ("team-models", "plain-models", "store"):
            where = {"LocationConstraint": "eu-west-1"}
            session.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)  # type: ignore[arg-type]
        for bucket in ("team-models", "store"):
            session.s3.put_bucket_versioning(
                Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        upload(session, FIRST)
        yield session


@pytest.fixture
def root(tmp_path: Path) -> Path:
    package = tmp_path / "model_packages" / "fraud"
    package.mkdir(parents=True)
    (package / "model.yaml").write_text(CONFIG)
    return tmp_path


def upload(session: AwsSession, content: bytes, bucket: str = "team-models") -> None:
    session.s3.put_object(Bucket=bucket, Key="fraud/model.onnx", Body=content)


def fetching(session: AwsSession) -> FetchObject:
    return lambda bucket, key, to: fetch_object(session.s3, bucket, key, to)


def pin(session: AwsSession, root: Path, address: str = ADDRESS) -> PinnedObject:
    folder = root / "model_packages" / "fraud"
    return pin_object(fetching(session), ModelJail(), address, folder, root)


def spec_in(root: Path, cloud: Cloud) -> ServiceSpec:
    """Without the network: whatever S3 says now is not asked."""
    [spec] = read_services(root, cloud, lambda path: ModelJail().inspect(path).signature)
    return spec


def copied(session: AwsSession, spec: ServiceSpec) -> bytes:
    """What a release of it would read: the bundle resource's copy."""
    pinned = spec.source.object
    assert pinned is not None
    wanted = bundle.wanted(
        {
            "Model": spec.model,
            "ReleaseDigest": spec.release_digest,
            "ModelDigest": spec.model_digest,
            "FileName": spec.source.file_name,
            "ObjectBucket": pinned.bucket,
            "ObjectKey": pinned.key,
            "ObjectVersion": pinned.version_id,
        }
    )
    made = make_bundle(AwsBundleStore(session.s3, "store"), wanted)
    content: bytes = session.s3.get_object(Bucket="store", Key=made.key)["Body"].read()
    return content


def test_a_release_reads_the_version_that_was_pinned_whatever_was_uploaded_since(
    session: AwsSession, root: Path
) -> None:
    pin(session, root)
    before = spec_in(root, Cloud.AWS)
    upload(session, SECOND)
    session.s3.delete_object(Bucket="team-models", Key="fraud/model.onnx")
    after = spec_in(root, Cloud.AWS)
    assert after.release_digest == before.release_digest
    assert copied(session, after) == FIRST


def test_another_pin_is_another_release(session: AwsSession, root: Path) -> None:
    pin(session, root)
    before = spec_in(root, Cloud.AWS)
    upload(session, SECOND)
    pin(session, root)
    after = spec_in(root, Cloud.AWS)
    assert after.release_digest != before.release_digest
    assert copied(session, after) == SECOND


def test_a_pin_says_what_it_is_and_changes_nothing_else_of_the_config(
    session: AwsSession, root: Path
) -> None:
    pinned = pin(session, root)
    folder = root / "model_packages" / "fraud"
    assert (folder / "model.yaml").read_text() == CONFIG.replace("model.onnx ", f"{ADDRESS} ")
    kept = json.loads((folder / "pinned_object.json").read_text())
    assert PinnedObject.from_json(kept) == pinned
    assert (kept["bytes"], kept["address"]) == (len(FIRST), ADDRESS)
    assert kept["version_id"]
    assert [row["name"] for row in kept["signature"]["inputs"]] == ["x"]


def test_the_bundler_may_read_this_object_at_a_version_and_no_other(
    session: AwsSession, root: Path
) -> None:
    pin(session, root)
    spec = spec_in(root, Cloud.AWS)
    [bundler] = [role for role in permissions.of_model(spec) if role.holder == "bundler"]
    [grant] = [g for g in bundler.grants if g.actions == ("s3:GetObjectVersion",)]
    assert grant.sentence == f"read {ADDRESS}"
    assert [thing.arn.rpartition(":")[2] for thing in grant.things] == [
        "team-models/fraud/model.onnx"
    ]


def test_a_laptop_serves_its_own_copy_and_a_template_does_not_depend_on_it(
    session: AwsSession, root: Path
) -> None:
    pinned = pin(session, root)
    here = spec_in(root, Cloud.EMBEDDED).source.path
    assert here is not None
    assert Path(here).read_bytes() == FIRST
    assert spec_in(root, Cloud.AWS).source.path is None
    (root / pinned.copy).write_bytes(SECOND)
    assert spec_in(root, Cloud.EMBEDDED).source.path is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://plain-models/fraud/model.onnx", "keeps no versions"),
        ("s3://team-models/fraud/other.onnx", "there is no s3://"),
        ("s3://nobody-has-this/model.onnx", "there is no s3://"),
        ("s3://team-models/*/model.onnx", "not the address of an ONNX file"),
        ("s3://team-models/fraud/predict.py", "not the address of an ONNX file"),
        ("https://example.com/model.onnx", "not the address of an ONNX file"),
    ],
)
def test_what_cannot_be_pinned_is_refused_and_nothing_is_written(
    session: AwsSession, root: Path, address: str, said: str
) -> None:
    upload(session, FIRST, "plain-models")
    with pytest.raises(LadleError, match="LD271") as refused:
        pin(session, root, address)
    assert said in str(refused.value)
    folder = root / "model_packages" / "fraud"
    assert [path.name for path in folder.iterdir()] == ["model.yaml"]
    assert (folder / "model.yaml").read_text() == CONFIG


def test_what_is_no_model_is_refused_and_nothing_is_written(
    session: AwsSession, root: Path
) -> None:
    upload(session, b"no model at all")
    with pytest.raises(LadleError):
        pin(session, root)
    assert not (root / "model_packages" / "fraud" / "pinned_object.json").exists()
    assert list((root / ".ladle").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: None, "no version of"),
        (lambda text: text.replace("team-models", "old-models"), "holds a version of s3://old"),
        (lambda text: text.replace("version_id", "version"), "cannot be read"),
        (lambda text: text[:40], "cannot be read"),
    ],
)
def test_check_says_what_is_wrong_with_a_pin(
    session: AwsSession, root: Path, change: object, said: str
) -> None:
    pin(session, root)
    path = root / "model_packages" / "fraud" / "pinned_object.json"
    changed = change(path.read_text())  # type: ignore[operator]
    path.unlink() if changed is None else path.write_text(changed)
    with pytest.raises(ManyFindings) as refused:
        read_configs(root)
    [finding] = refused.value.findings
    assert finding.code == "LD272"
    assert said in finding.what
    assert (finding.place and finding.place.line) == 3
