"""`cdk` runs app.py: it needs no account and no network, and its refusals are for people."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from tests.synth.repository import MODEL, write_repository
from tests.unit.planning.specs import SIGNATURE

from ladle.catalog import Packaging, Target
from ladle.planning.resolve import Cloud
from ladle.policy.lock import Lock
from ladle.project.pinned_lock import write_lock
from ladle.project.repository import ModelPackage
from ladle.project.services import read_services
from ladle_stacks.build_app import build_app, describe, read_specs
from ladle_stacks.host import Host

# Every address is unreachable, and nobody is signed in: what asks would fail.
OFFLINE = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "CDK_VALIDATION": "false",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
}


def test_this_repository_synthesizes_with_no_account_and_no_network(
    root: Path, tmp_path: Path
) -> None:
    out, node = tmp_path / "cdk.out", shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [sys.executable, root / "app.py"],
        cwd=root,
        env={
            **OFFLINE,
            "PATH": str(Path(node).parent),
            "HOME": str(tmp_path),
            "CDK_OUTDIR": str(out),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "end-of-life" not in done.stderr, "`ladle doctor` says so, once"
    manifest = json.loads((out / "manifest.json").read_text())
    stacks = {a for a, v in manifest["artifacts"].items() if v["type"].endswith(":stack")}
    assert stacks == {"ladle-platform", "ladle-model-digits"}
    assert "missing" not in manifest, "no question was left for an account to answer"
    for stack in stacks:
        environment = manifest["artifacts"][stack]["environment"]
        assert environment == "aws://unknown-account/unknown-region"


def test_all_mistakes_of_all_models_are_told_at_once_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mistaken = {
        "fraud": MODEL + "rollout: {canary_percent: 200}\n",
        "churn": MODEL + "surprise: 1\ntarget: moon\n",
    }
    write_repository(tmp_path, mistaken)
    with pytest.raises(SystemExit) as ended:
        build_app(tmp_path / "model_packages")
    assert ended.value.code == 1
    told = capsys.readouterr().err
    places = [line.split(" ")[0] for line in told.splitlines() if line.startswith("model_packages")]
    assert len(places) == 3
    assert {place.split("/")[1] for place in places} == {"fraud", "churn"}
    assert "Traceback" not in told


def test_the_cdk_alone_says_when_it_builds_without_a_lock(root: Path, tmp_path: Path) -> None:
    write_repository(tmp_path, {"fraud": MODEL})
    [said] = _warned(tmp_path, root, {})
    assert "takes the serving runtime of Ladle" in said
    assert "ladle deploy" in said
    asked = {"ladle:locks": "{}"}
    assert _warned(tmp_path, root, asked) == [], "ladle deploy has asked the ledger"
    package = ModelPackage(tmp_path / "model_packages" / "fraud")
    write_lock(package, "aws", Lock(Target.LAMBDA, Packaging.IMAGE, None))
    assert _warned(tmp_path, root, {}) == []


def _warned(repository: Path, stage: Path, context: dict[str, str]) -> list[str]:
    app = cdk.App(analytics_reporting=False, outdir=str(repository / "cdk.out"), context=context)
    describe(
        app, Host.of_app(app, stage), read_services(repository, Cloud.AWS, lambda _: SIGNATURE)
    )
    [stack] = [each for each in app.node.children if each.node.id == "ladle-model-fraud"]
    return [str(row.data) for row in stack.node.metadata if row.type == "aws:cdk:warning"]


def test_models_deploy_after_their_platform_and_take_stacks_of_the_teams_own(
    root: Path, tmp_path: Path
) -> None:
    app = cdk.App(analytics_reporting=False, outdir=str(tmp_path / "cdk.out"))
    host = Host.of_app(app, root)
    describe(app, host, read_specs(root, host))
    cdk.Stack(app, "our-own")
    assembly = app.synth()
    model = assembly.get_stack_by_name("ladle-model-digits")
    assert "ladle-platform" in {dependency.id for dependency in model.dependencies}
    assert assembly.get_stack_by_name("our-own").template is not None
