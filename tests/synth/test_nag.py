"""cdk-nag finds nothing that was not acknowledged by rule, construct and reason, and no less."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks
from tests.synth.repository import DOORS, MODEL, MORE, SIGNATURE, TARGETS, write_repository

from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.project.services import read_services
from ladle_stacks.acknowledgements import acknowledge, of_app
from ladle_stacks.build_app import describe
from ladle_stacks.host import Host

CONFIGS = (
    {
        "zipped": MODEL + "packaging: zip\n",
        "image": MODEL + "packaging: image\nnotify: ['mailto:ada@example.com']\n",
        "open": MODEL + "door: {auth: none, public_acknowledged_by: ada@example.com}\n",
    }
    | DOORS
    | MORE
    | TARGETS
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _validated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packs are validations, which the other tests of this folder leave out."""
    monkeypatch.setenv("CDK_VALIDATION", "true")


@pytest.fixture
def specs(tmp_path: Path) -> tuple[ServiceSpec, ...]:
    write_repository(tmp_path, CONFIGS)
    return tuple(read_services(tmp_path, Cloud.AWS, lambda _: SIGNATURE))


def synthesized(
    folder: Path, root: Path, specs: tuple[ServiceSpec, ...], *, acknowledged: bool
) -> Any:
    """The report of all packs, and whether they let the app through."""
    context = {"aws:cdk:disable-asset-staging": True}
    app = cdk.App(analytics_reporting=False, context=context, outdir=str(folder / "cdk.out"))
    packs = (AwsSolutionsChecks(app), ServerlessChecks(app), NIST80053R5Checks(app))
    cdk.Validations.of(app).add_plugins(*packs)
    describe(app, Host.of_app(app, root), specs)
    if acknowledged:
        acknowledge(app, specs)
    with contextlib.suppress(RuntimeError):  # how a synth with findings ends; the report has them
        app.synth()
    return json.loads((folder / "cdk.out" / "validation-report.json").read_text())


def test_what_is_found_is_what_is_acknowledged(
    tmp_path: Path, root: Path, specs: tuple[ServiceSpec, ...]
) -> None:
    report = synthesized(tmp_path, root, specs, acknowledged=False)
    found = {
        (construct["constructPath"], violation["ruleName"])
        for pack in report["pluginReports"]
        for violation in pack["violations"]
        for construct in violation["violatingConstructs"]
        if pack["pluginName"] != "Construct Annotations"
    }
    rows = [(row.path, row.rule) for row in of_app(specs)]
    assert len(rows) == len(set(rows)), "a finding is acknowledged once"
    assert found - set(rows) == set(), "a finding that nobody has answered for"
    assert set(rows) - found == set(), "an acknowledgement that matches nothing"


def test_what_is_acknowledged_is_let_through(
    tmp_path: Path, root: Path, specs: tuple[ServiceSpec, ...]
) -> None:
    report = synthesized(tmp_path, root, specs, acknowledged=True)
    left = [v["ruleName"] for pack in report["pluginReports"] for v in pack["violations"]]
    assert left == []


def test_every_acknowledgement_has_its_reason(specs: tuple[ServiceSpec, ...]) -> None:
    for row in of_app(specs):
        assert len(row.reason.split()) >= 2, row
