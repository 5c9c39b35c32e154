"""Hundreds of configs drawn at random: each is refused with a reason, or makes the stack that its plan foretold."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import cfnlint.api
import pytest
from tests.synth.repository import MODEL, Template, as_list, statements, synthesize

from ladle.config.parse import parse
from ladle.planning import permissions
from ladle.planning.grant import RoleGrants
from ladle.planning.resources import resources

pytestmark = [pytest.mark.gate, pytest.mark.timeout(3600)]
CONFIGS, BATCH, SEED = 600, 50, 20261123
SAID = 0.4  # how often a section is not left at its default
# Section -> lines of it that may stand together; the first is its default. Some contradict others.
CHOICES: dict[str, tuple[str, ...]] = {
    "packaging": ("", "packaging: image", "packaging: zip"),
    "model_in": ("", "", "model_in: image"),
    "arch": ("", "arch: x86_64"),
    "transform": ("", "transform: transform.py"),
    "tracing": ("", "tracing: xray"),
    "env": ("", "env: {THRESHOLD: '0.7'}"),
    "notify": ("", "notify: ['mailto:ada@example.com']", "notify: ['https://example.com/hook']"),
    "secrets": ("", "secrets: {TOKEN: 'secretsmanager:prod/fraud#token', HOST: 'ssm:/prod/host'}"),
    "network": (
        "",
        "network: {vpc: vpc-0a1b2c3d, subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d]}",
        "network: {vpc: vpc-0a1b2c3d}",
    ),
    "compute": (
        "",
        "compute: {warm: 2}",
        "compute: {reserved: 20, warm: 4}",
        "compute: {reserved: 3, warm: 4}",
        "compute: {timeout_s: 60}",
        "compute: {snap_start: true}",
    ),
    "door": (
        "",
        "door: {auth: none, public_acknowledged_by: ada@example.com}",
        "door: {auth: none}",
        "door: {auth: jwt, issuer: 'https://login.example.com/', audience: [fraud]}",
        "door: {auth: api_key, quota_per_day: 1000}",
        "door: {auth: api_key, cors: ['https://app.example.com']}",
        "door: {url: function, unlimited_acknowledged_by: ada@example.com}",
        "door: {url: function}",
        "door: {cors: ['https://app.example.com']}",
    ),
    "monitor": (
        "",
        "monitor: {dashboard: true}",
        "monitor: {window: 30s, labels: {sources: [labeller]}}",
    ),
    "cost": ("", "cost: {monthly_cap_usd: 25}", "cost: {idle_ttl: 24h}", "cost: {idle_ttl: 90m}"),
    "logs": ("", "logs: {retention: 7d}"),
    "tags": ("", "tags: {team: risk}"),
}


def test_every_config_is_refused_with_a_reason_or_makes_what_its_plan_foretold(
    size: int | None, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "false")  # cfn-lint has more to say, below
    draws, drawn, refused = random.Random(SEED), size or CONFIGS, Counter[str]()
    sound = dict(_drawn(draws, drawn, refused))
    shapes: dict[tuple[str, ...], Template] = {}
    names = list(sound)
    for start in range(0, len(names), BATCH):
        batch = {name: sound[name] for name in names[start : start + BATCH]}
        made = synthesize(tmp_path, root, batch)
        for name in batch:
            template, spec = made.model(name), made.specs[name]
            types = sorted(r["Type"] for r in template["Resources"].values())
            assert Counter(r.type for r in resources(spec)) == Counter(types), sound[name]
            _allows_what_the_plan_says(template, permissions.of_model(spec))
            assert not [other for other in batch if other != name and other in json.dumps(template)]
            shapes.setdefault(tuple(types), template)
    for template in shapes.values():
        found = cfnlint.api.lint(json.dumps(template), regions=["us-east-1"])
        assert [m.message for m in found if m.rule.id[0] == "E"] == []
    counts = f"{len(sound)} synthesized in {len(shapes)} shapes, {drawn - len(sound)} refused"
    print(f"{counts}: {dict(refused.most_common())}")
    assert sound
    assert refused


def _drawn(draws: random.Random, count: int, refused: Counter[str]) -> Iterator[tuple[str, str]]:
    """Sound configs by name; of all others, the codes that ``check`` had for them."""
    for number in range(count):
        lines = [draws.choice(c if draws.random() < SAID else c[:1]) for c in CHOICES.values()]
        text = MODEL + "".join(f"{line}\n" for line in lines if line)
        name = f"m{number:05d}"
        reading = parse(f"name: {name}\n{text}".encode(), "model.yaml")
        if reading.config is None:
            codes = {finding.code for finding in reading.findings}
            assert all(finding.fix for finding in reading.findings)
            refused.update(codes)
        else:
            yield name, text


def _allows_what_the_plan_says(template: Template, planned: Iterable[RoleGrants]) -> None:
    """No wildcard of an action; everything as a resource only where the plan says so."""
    said = {action for role in planned for grant in role.grants for action in grant.actions}
    for _, statement in statements(template):
        assert not [action for action in as_list(statement["Action"]) if "*" in action]
        if "*" in as_list(statement.get("Resource", [])):
            assert set(as_list(statement["Action"])) <= said
