"""A repository adds to a model's stack by one function; what it does wrong is told at its own line."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import pytest
from tests.synth.repository import MODEL, SIGNATURE, Template, write_repository

from ladle.errors import LadleError
from ladle.planning.resolve import Cloud
from ladle.project.services import read_services
from ladle_stacks.build_app import describe
from ladle_stacks.host import Host

ADDS = """
from aws_cdk import aws_cloudwatch as cloudwatch, aws_lambda as lambda_

def extend(stack, spec):
    function = stack.find("Function", lambda_.CfnFunction)
    function.description = f"{spec.model} of the risk team"
    cloudwatch.CfnDashboard(stack, "Ours", dashboard_body="{}")
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write_repository(tmp_path, {"fraud": f"{MODEL}packaging: image\n"})
    (tmp_path / "stacks").mkdir()
    return tmp_path


def template(repository: Path, root: Path) -> Template:
    app = cdk.App(context={"aws:cdk:disable-asset-staging": True}, outdir=str(repository / "out"))
    specs = read_services(repository, Cloud.AWS, lambda _: SIGNATURE)
    made = describe(app, Host.of_app(app, root), specs, repository).synth()
    found: Template = made.get_stack_by_name("ladle-model-fraud").template
    return found


def refusal(repository: Path, root: Path, code: str) -> str:
    (repository / "stacks" / "extra.py").write_text(code)
    with pytest.raises(LadleError) as refused:
        template(repository, root)
    return str(refused.value)


def test_what_it_adds_and_what_it_changes_is_in_the_models_template(
    repository: Path, root: Path
) -> None:
    (repository / "stacks" / "extra.py").write_text(ADDS)
    found = template(repository, root)["Resources"]
    assert found["Ours"]["Type"] == "AWS::CloudWatch::Dashboard"
    assert found["Function"]["Properties"]["Description"] == "fraud of the risk team"


def test_a_mistake_in_it_is_told_at_its_line(repository: Path, root: Path) -> None:
    failing = "def extend(stack, spec):\n    raise ValueError('no')\n"
    assert refusal(repository, root, failing) == "LD234 stacks/extra.py:2: ValueError: no"
    assert "stacks/extra.py:1: SyntaxError" in refusal(repository, root, "def extend(:\n")
    assert "stacks/extra.py:1: ModuleNotFoundError" in refusal(repository, root, "import nowhere\n")


def test_without_its_function_it_is_refused(repository: Path, root: Path) -> None:
    assert "no function extend" in refusal(repository, root, "EXTEND = 1\n")


def test_a_construct_that_there_is_not_is_named_beside_those_that_there_are(
    repository: Path, root: Path
) -> None:
    code = (
        "from aws_cdk import aws_lambda as lambda_\n"
        "def extend(stack, spec):\n    stack.find('Functoin', lambda_.CfnFunction)\n"
    )
    assert "LD235" in refusal(repository, root, code)
