"""The workflow that ``ladle init`` writes: who may do what, and when."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from ruamel.yaml import YAML
from tests.docs.test_commands import read

from ladle.cli.init import TEMPLATE

TEXT = (TEMPLATE / "dot-github" / "workflows" / "models.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def workflow() -> Any:
    return YAML(typ="safe").load(TEXT)


def runs(job: Any) -> list[str]:
    lines = [line for step in job["steps"] for line in step.get("run", "").splitlines()]
    return [line for line in lines if line.startswith("ladle ")]


def test_a_pull_request_is_checked_and_planned_and_never_deployed(workflow: Any) -> None:
    jobs = workflow["jobs"]
    assert set(workflow["on"]) == {"push", "pull_request"}
    assert workflow["on"]["push"] == {"branches": ["main"]}
    assert runs(jobs["check"]) == ["ladle check"]
    assert runs(jobs["plan"]) == ["ladle plan > plan.txt"]
    assert jobs["plan"]["if"] == "github.event_name == 'pull_request'"
    assert runs(jobs["deploy"]) == ["ladle deploy --yes"]
    assert jobs["deploy"]["if"].startswith("github.event_name == 'push' && ")


def test_whatever_fails_the_check_is_neither_planned_nor_deployed(workflow: Any) -> None:
    assert {name: job.get("needs") for name, job in workflow["jobs"].items()} == {
        "check": None,
        "plan": "check",
        "deploy": "check",
    }


def test_no_key_is_stored_and_a_token_only_where_a_role_is_taken(workflow: Any) -> None:
    assert "secrets." not in TEXT
    assert "pull_request_target" not in TEXT
    assert workflow["permissions"] == {"contents": "read"}
    for name, job in workflow["jobs"].items():
        takes_role = any("configure-aws-credentials" in s.get("uses", "") for s in job["steps"])
        assert ("id-token" in job.get("permissions", {})) == takes_role, name


def test_no_step_that_runs_holds_what_somebody_else_wrote(workflow: Any) -> None:
    """``${{ … }}`` inside ``run`` is how a branch's name becomes a command."""
    for job in workflow["jobs"].values():
        assert not [s for s in job["steps"] if "${{" in s.get("run", "")]


def test_its_commands_are_those_that_ladle_takes(workflow: Any) -> None:
    typed = [line for job in workflow["jobs"].values() for line in runs(job)]
    assert typed
    for line in typed:
        read(shlex.join(shlex.split(line.partition(" > ")[0])))
