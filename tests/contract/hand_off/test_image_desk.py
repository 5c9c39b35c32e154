"""Before a deploy images are where the CDK looks for them: on moto's ECR, with no engine anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.unit.hand_off.test_bring_images import BLOBS, MADE, TAG, proven
from tests.unit.planning.specs import spec_of

from ladle.actions.bring_release import Origin
from ladle.aws.image_registry import EcrRegistry, repository
from ladle.aws.session import AwsSession
from ladle.catalog import Packaging
from ladle.cli.images import ImageDesk
from ladle.disk.release_ledger import DiskReleaseLedger
from ladle.planning.plan import Change, DeploymentPlan, ModelPlan
from ladle.testing.hand_off import FakeBundleStore

URL = "aws://123456789012/eu-west-1"


@dataclass
class Tool:
    """The CDK, whose synth says that one image is wanted."""

    assembly: Path
    deployed: list[Sequence[str]] = field(default_factory=list)
    synthesized: int = 0

    def synthesize(self, context: Mapping[str, str]) -> Path:
        self.synthesized += 1
        images = {TAG: {"source": {"directory": "asset", "platform": "linux/amd64"}}}
        written = json.dumps({"files": {}, "dockerImages": images})
        self.assembly.mkdir(exist_ok=True)
        (self.assembly / "ladle-model-fraud.assets.json").write_text(written)
        return self.assembly

    def deploy(self, stacks: Sequence[str], context: Mapping[str, str]) -> None:
        self.deployed.append(stacks)


@pytest.fixture
def here() -> Iterator[EcrRegistry]:
    from moto import mock_aws

    with mock_aws():
        session = AwsSession("eu-west-1")
        session.ecr.create_repository(repositoryName=repository(session))
        yield EcrRegistry(session.ecr, repository(session))


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path / "assembly")


def origin(folder: Path) -> Origin:
    return Origin("staging", DiskReleaseLedger(folder), FakeBundleStore(), proven)


def plan(
    packaging: Packaging = Packaging.IMAGE, change: Change = Change.UNCHANGED
) -> DeploymentPlan:
    spec = replace(spec_of(), packaging=packaging)
    return DeploymentPlan((ModelPlan(spec, change, "as a test wants it"),))


def test_a_proven_image_is_here_before_the_cdk_looks(
    here: EcrRegistry, tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ImageDesk(tmp_path, URL, tool, {}, origin(tmp_path)).bring(plan())
    assert here.find(TAG) == MADE
    assert all(here.has_blob(name) for name in BLOBS)
    assert f"copied ({MADE.digest[:19]}), 4 layers sent" in capsys.readouterr().err


def test_an_image_that_is_here_needs_no_project_that_builds(
    here: EcrRegistry, tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ImageDesk(tmp_path, URL, tool, {}, origin(tmp_path)).bring(plan())
    (tmp_path / "pyproject.toml").write_text('[tool.ladle]\nbuilds = "codebuild"\n')
    ImageDesk(tmp_path, URL, tool, {}, None).bring(plan())
    assert tool.deployed == []
    assert "was here already" in capsys.readouterr().err


@pytest.mark.parametrize(
    "going", [plan(Packaging.ZIP), plan(change=Change.REFUSED)], ids=["a zip", "refused"]
)
def test_where_no_image_goes_nothing_is_asked(
    tool: Tool, tmp_path: Path, going: DeploymentPlan
) -> None:
    ImageDesk(tmp_path, URL, tool, {}, origin(tmp_path)).bring(going)
    assert tool.synthesized == 0


def test_with_an_engine_here_and_nowhere_to_copy_from_the_cdk_does_it_all(
    tool: Tool, tmp_path: Path
) -> None:
    ImageDesk(tmp_path, URL, tool, {}, None).bring(plan())
    assert tool.synthesized == 0
