"""cdk-nag finds nothing that was not acknowledged by rule, construct and reason, and no less."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.synth.nag import findings, validated
from tests.synth.repository import (
    DOORS,
    MODEL,
    MORE,
    SIGNATURE,
    SPANS,
    TARGETS,
    write_repository,
)

from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.project.services import read_services
from ladle_stacks.acknowledgements import of_app

CONFIGS = (
    {
        "zipped": MODEL + "packaging: zip\n",
        "snapshot": MODEL + "packaging: zip\ncompute: {snap_start: true}\n",
        "image": MODEL + "packaging: image\nnotify: ['mailto:ada@example.com']\n",
        "open": MODEL + "door: {auth: none, public_acknowledged_by: ada@example.com}\n",
        "spans": MODEL + SPANS + "door: {auth: api_key}\n",
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


def test_what_is_found_is_what_is_acknowledged(
    tmp_path: Path, root: Path, specs: tuple[ServiceSpec, ...]
) -> None:
    found = set(findings(validated(tmp_path, root, specs, acknowledged=False)))
    rows = [(row.path, row.rule) for row in of_app(specs)]
    assert len(rows) == len(set(rows)), "a finding is acknowledged once"
    assert found - set(rows) == set(), "a finding that nobody has answered for"
    assert set(rows) - found == set(), "an acknowledgement that matches nothing"


def test_what_is_acknowledged_is_let_through(
    tmp_path: Path, root: Path, specs: tuple[ServiceSpec, ...]
) -> None:
    report = validated(tmp_path, root, specs, acknowledged=True)
    left = [v["ruleName"] for pack in report["pluginReports"] for v in pack["violations"]]
    assert left == []


def test_every_acknowledgement_has_its_reason(specs: tuple[ServiceSpec, ...]) -> None:
    for row in of_app(specs):
        assert len(row.reason.split()) >= 2, row
