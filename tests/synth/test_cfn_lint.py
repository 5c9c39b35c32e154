"""cfn-lint knows what each resource type takes, which the CDK's L1 constructs do not check."""

from __future__ import annotations

import json

import cfnlint.api
import pytest
from tests.synth.repository import DOORS, MODEL, MORE, TARGETS, MakeSynth, Template

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
NOT_EVERYWHERE = (
    "E3006 Resource type 'AWS::Lambda::Url' does not exist in",
    "E3006 Resource type 'AWS::Budgets::Budget' does not exist in",
    "E3628 'g4dn.xlarge' is not one of",
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def faults(template: Template) -> list[str]:
    """Errors and warnings; what is only informational is a matter of taste. Not every region has
    function URLs, budgets and machines with a GPU: which, only those who ask for them need to know.
    """
    found = cfnlint.api.lint_all(json.dumps(template))
    said = [f"{match.rule.id} {match.message}" for match in found if match.rule.id[0] != "I"]
    return [text for text in said if not text.startswith(NOT_EVERYWHERE)]


def test_no_template_has_a_fault(synth: MakeSynth) -> None:
    templates = synth(**CONFIGS).templates
    assert [f"{name}: {f}" for name, t in templates.items() for f in faults(t)] == []
    assert len(templates) == 1 + len(CONFIGS)


def test_a_fault_is_found(synth: MakeSynth) -> None:
    template = synth(zipped=CONFIGS["zipped"]).model("zipped")
    template["Resources"]["Function"]["Properties"]["MemorySize"] = "plenty"
    assert faults(template)[0].startswith("E3012")
