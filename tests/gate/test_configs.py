"""Configs drawn at random for every target: each is refused with a reason, or all holds of its stack."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.synth import drawing, sound
from tests.synth.repository import Template

from ladle.planning.service_spec import ServiceSpec

pytestmark = [pytest.mark.gate, pytest.mark.timeout(3600)]
DRAWN, BATCH, SEED = 2000, 50, 20261123


def test_every_config_is_refused_with_a_reason_or_makes_a_sound_stack(
    size: int | None, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "true")  # cdk-nag's packs are validations
    refused, targets = Counter[str](), Counter[str]()
    drawn = size or DRAWN
    configs = dict(_drawn(drawn, refused, targets))
    names = list(configs)
    shapes: dict[tuple[str, ...], Template] = {}
    faults: list[str] = []
    for start in range(0, len(names), BATCH):
        batch = {name: configs[name] for name in names[start : start + BATCH]}
        made = sound.make(tmp_path, root, batch)
        faults += {f"{fault} ({_where(fault, batch)})" for fault in sound.faults(made)}
        for template in made.synth.templates.values():
            types = sorted(r["Type"] for r in template["Resources"].values())
            shapes.setdefault(tuple(types), template)
    for template in shapes.values():
        faults += sound.lint_faults(template)
    print(f"{drawn} drawn, {len(configs)} synthesized in {len(shapes)} shapes: {dict(targets)}")
    print(f"{drawn - len(configs)} refused: {dict(refused.most_common())}")
    assert faults == []
    assert len(targets) > 1, "as many targets as are built"
    assert refused


def _drawn(count: int, refused: Counter[str], targets: Counter[str]) -> Iterator[tuple[str, str]]:
    """Sound configs by name; of all others, the codes that were said of them."""
    draws = random.Random(SEED)
    for number in range(count):
        name = f"m{number:05d}"
        text = drawing.written(drawing.at_random(draws), name)
        answer = drawing.answered(name, text)
        if isinstance(answer, ServiceSpec):
            targets[str(answer.target)] += 1
            yield name, text
        else:
            assert answer
            assert all(finding.fix for finding in answer), text
            refused.update({finding.code for finding in answer})


def _where(fault: str, batch: dict[str, str]) -> str:
    """The config that a fault is of, to draw it again."""
    return next((f"{name}: {text}" for name, text in batch.items() if name in fault), "platform")
