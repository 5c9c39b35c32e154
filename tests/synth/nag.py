"""What cdk-nag's packs find in the stacks of some models, beside the templates that it read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks
from tests.synth.repository import Template

from ladle.planning.service_spec import ServiceSpec
from ladle_stacks.acknowledgements import acknowledge
from ladle_stacks.build_app import describe
from ladle_stacks.host import Host

Report = Mapping[str, Any]


def validated(
    folder: Path, stage: Path, specs: Sequence[ServiceSpec], *, acknowledged: bool
) -> Report:
    """The report of all packs. They are validations: ``CDK_VALIDATION`` must be true."""
    context = {"aws:cdk:disable-asset-staging": True}
    app = cdk.App(analytics_reporting=False, context=context, outdir=str(folder / "cdk.out"))
    packs = (AwsSolutionsChecks(app), ServerlessChecks(app), NIST80053R5Checks(app))
    cdk.Validations.of(app).add_plugins(*packs)
    describe(app, Host.of_app(app, stage), specs)
    if acknowledged:
        acknowledge(app, specs)
    with contextlib.suppress(RuntimeError):  # how a synth with findings ends; the report has them
        app.synth()
    report: Report = json.loads((folder / "cdk.out" / "validation-report.json").read_text())
    return report


def findings(report: Report) -> Iterator[tuple[str, str]]:
    """The construct's path with the rule; what other plugins annotate is not the packs'."""
    for pack in report["pluginReports"]:
        if pack["pluginName"] != "Construct Annotations":
            for violation in pack["violations"]:
                for construct in violation["violatingConstructs"]:
                    yield construct["constructPath"], violation["ruleName"]


def templates(folder: Path) -> dict[str, Template]:
    """By stack, as the last ``validated`` of this folder wrote them."""
    suffix = ".template.json"
    found = (folder / "cdk.out").glob(f"*{suffix}")
    return {path.name.removesuffix(suffix): json.loads(path.read_text()) for path in found}
