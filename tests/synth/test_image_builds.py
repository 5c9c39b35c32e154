"""A team without an engine gets a project that builds its images; nobody else has one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.synth.nag import findings, templates, validated
from tests.synth.repository import Template, one, statements
from tests.synth.test_plan_is_right import _granted, _planned

from ladle.errors import LadleError
from ladle.planning import permissions
from ladle.project.settings import builds_elsewhere
from ladle_stacks.acknowledgements import of_app

BUILDS = '[tool.ladle]\nbuilds = "codebuild"\n'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("builds")
    (folder / "pyproject.toml").write_text(BUILDS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDK_VALIDATION", "true")
        return folder, validated(folder, folder, (), acknowledged=False)


@pytest.fixture(scope="module")
def platform(report: tuple[Path, Any]) -> Template:
    return templates(report[0])["ladle-platform"]


def test_the_project_builds_what_each_deploy_names(platform: Template) -> None:
    project = one(platform, "AWS::CodeBuild::Project")["Properties"]
    commands = json.loads(project["Source"]["BuildSpec"])["phases"]["build"]["commands"]
    assert [c.split()[:2] for c in commands if c.startswith("docker")] == [
        ["docker", "build"],
        ["docker", "push"],
    ]
    assert project["Artifacts"] == {"Type": "NO_ARTIFACTS"}
    assert project["TimeoutInMinutes"] == 60
    assert project["LogsConfig"]["CloudWatchLogs"]["GroupName"] == "/aws/codebuild/ladle-images"


def test_its_role_reads_its_sources_and_writes_images_and_nothing_else(platform: Template) -> None:
    (planned,) = [r for r in permissions.of_platform(builds=True) if r.holder == "builder"]
    held = [s for name, s in statements(platform) if name.startswith("BuilderRole")]
    granted = [_granted(s) for s in held if "Resource" in s]
    assert granted == [_planned(grant) for grant in planned.grants]
    wide = [s["Action"] for s in held if s.get("Resource") == "*"]
    assert wide == ["ecr:GetAuthorizationToken"], "which has no ARN"


def test_its_sources_are_forgotten(platform: Template) -> None:
    rules = one(platform, "AWS::S3::Bucket")["Properties"]["LifecycleConfiguration"]["Rules"]
    (sources,) = [r for r in rules if r.get("Prefix") == "builds/"]
    assert sources["ExpirationInDays"] == 1, "also where nobody lived to delete them"
    assert sources["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_what_nag_finds_of_it_is_what_is_acknowledged(report: tuple[Path, Any]) -> None:
    with_it = {(row.path, row.rule) for row in of_app((), builds=True)}
    assert set(findings(report[1])) == with_it


def test_other_words_are_refused_and_silence_means_the_engine_here(tmp_path: Path) -> None:
    assert not builds_elsewhere(tmp_path)
    (tmp_path / "pyproject.toml").write_text(BUILDS.replace("codebuild", "kaniko"))
    with pytest.raises(LadleError, match=r"LD264.*kaniko"):
        builds_elsewhere(tmp_path)
