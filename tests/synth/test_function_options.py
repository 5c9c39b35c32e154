"""What a config asks of the function itself: its network, warmth, snapshots, a model in its image."""

from __future__ import annotations

import json
from pathlib import Path

from tests.synth.repository import (
    MODEL,
    MORE,
    NETWORK,
    OBJECT,
    MakeSynth,
    Template,
    as_list,
    one,
    statements,
    synthesize,
    text,
)

from ladle.catalog import Packaging, Target
from ladle.policy.lock import Lock

ZIP = MODEL + "packaging: zip\n"
IMAGE = MODEL + "packaging: image\n"


def test_in_a_network_the_function_has_its_place_and_its_role_no_other(synth: MakeSynth) -> None:
    template = synth(fraud=IMAGE + NETWORK).model()
    assert _function(template)["VpcConfig"] == {
        "SubnetIds": ["subnet-0a1b2c3d", "subnet-0b1c2d3e"],
        "SecurityGroupIds": ["sg-0c1d2e3f"],
    }
    [makes] = [
        [text(r).rpartition(":")[2] for r in as_list(s["Resource"])]
        for _, s in statements(template)
        if "ec2:CreateNetworkInterface" in as_list(s["Action"])
    ]
    assert set(makes) == {
        "network-interface/*",
        "security-group/sg-0c1d2e3f",
        "subnet/subnet-0a1b2c3d",
        "subnet/subnet-0b1c2d3e",
    }


def test_the_hand_off_is_told_how_many_instances_wait_and_no_template_says_of_which_version(
    synth: MakeSynth,
) -> None:
    template = synth(fraud=IMAGE + "compute: {warm: 2}\n").model()
    told = one(template, "Custom::LadleRelease")["Properties"]
    assert told["Serving"]["Warm"] == "2"
    assert 'ProvisionedConcurrencyConfig"' not in json.dumps(template["Resources"]["Function"])


def test_a_snapshot_is_taken_of_each_published_version(synth: MakeSynth) -> None:
    template = synth(fraud=ZIP + "compute: {snap_start: true}\n").model()
    assert _function(template)["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_a_model_in_the_image_is_in_its_context_and_nowhere_else(
    synth: MakeSynth, root: Path
) -> None:
    made = synth(fraud=MODEL + "model_in: image\n")
    template, spec = made.model(), made.specs["fraud"]
    variables = _function(template)["Environment"]["Variables"]
    assert variables["LADLE_MODEL_FILE"] == "/var/task/model/model.onnx"
    assert "LADLE_BUNDLE_KEY" not in variables
    bundle = one(template, "Custom::LadleBundle")["Properties"]
    assert bundle["ModelIn"] == "image"
    assert not {"AssetKey", "StoreKey"} & set(bundle)
    serving = [
        a
        for n, s in statements(template)
        if n.startswith("ServingRole")
        for a in as_list(s["Action"])
    ]
    assert not [action for action in serving if action.startswith("s3:")]
    short = spec.model_digest.removeprefix("sha256:")[:12]
    staged = (root / ".ladle" / "stage").glob(f"image-*-{short}")
    context = max(staged, key=lambda folder: folder.stat().st_ctime_ns)
    assert (context / "model" / "model.onnx").read_bytes() == b"a model; nobody loads it here"
    assert "COPY model/" in (context / "Dockerfile").read_text()


def _function(template: Template) -> Template:
    properties: Template = template["Resources"]["Function"]["Properties"]
    return properties


def test_an_object_of_a_bucket_is_copied_at_its_version_by_a_role_that_reads_no_other(
    synth: MakeSynth,
) -> None:
    template = synth(fraud=MORE["uploaded"]).model()
    bundle = one(template, "Custom::LadleBundle")["Properties"]
    told = {name: bundle[name] for name in ("ObjectBucket", "ObjectKey", "ObjectVersion")}
    assert list(told.values()) == ["team-models", "fraud/model.onnx", OBJECT.version_id]
    assert not {"AssetKey", "StoreKey"} & set(bundle)
    read = [
        text(r).rpartition(":")[2]
        for n, s in statements(template)
        if n.startswith("BundlerRole") and "s3:GetObjectVersion" in as_list(s["Action"])
        for r in as_list(s["Resource"])
    ]
    assert read == ["team-models/fraud/model.onnx"]


def test_the_role_keeps_what_an_earlier_release_reads_and_the_hand_off_is_told(
    synth: MakeSynth, tmp_path: Path, root: Path
) -> None:
    before = synth(fraud=IMAGE + "secrets: {TOKEN: 'secretsmanager:prod/fraud'}\n")
    told = one(before.model(), "Custom::LadleRelease")["Properties"]
    lock = Lock(Target.LAMBDA, Packaging.IMAGE, None, tuple(told["Grants"]))
    after = synthesize(tmp_path, root, {"fraud": IMAGE}, locks={"fraud": lock}).model()
    kept = one(after, "Custom::LadleRelease")["Properties"]
    assert "Grants" not in kept
    assert kept["Kept"] == told["Grants"]
    reads = [
        text(r)
        for n, s in statements(after)
        if n.startswith("ServingRole") and "secretsmanager:GetSecretValue" in as_list(s["Action"])
        for r in as_list(s["Resource"])
    ]
    assert len(reads) == 1
    assert "prod/fraud" in reads[0]
