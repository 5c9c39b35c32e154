"""Configs drawn from one table of what each key may say: at random, or so few that every pair occurs."""

from __future__ import annotations

import functools
import itertools
import json
import operator
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.synth.repository import SIGNATURE

from ladle.catalog import Arch, Packaging, Target
from ladle.config.parse import parse
from ladle.errors import Finding, LadleError
from ladle.planning.break_even import model_facts
from ladle.planning.resolve import Cloud, ModelContent, choose_packaging, resolve
from ladle.planning.service_spec import ServiceSpec
from ladle.project.function_code import Wheels
from ladle.project.staging import wheels_folder
from ladle.targets.choose import choose

TRIES = 5000
Part = Mapping[str, Any]
Config = Mapping[str, int]  # factor -> which of its parts
ANYBODY = {"auth": "none", "public_acknowledged_by": "ada@example.com"}
TOKENS = {"auth": "jwt", "issuer": "https://login.example.com/", "audience": ["fraud"]}
CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/0f3d6e5a-1111-2222-3333-444455556666"
WITHIN = {
    "vpc": "vpc-0a1b2c3d",
    "subnets": ["subnet-0a1b2c3d", "subnet-0b1c2d3e"],
    "security_groups": ["sg-0c1d2e3f"],
}
TOLD = {"notify": ["mailto:ada@example.com"]}
CAPPED, IDLE = {"cost": {"monthly_cap_usd": 25}} | TOLD, {"cost": {"idle_ttl": "24h"}} | TOLD
CAPTURED = {"enabled": True, "classify": {"x": "hash", "label": "keep"}}
# NAME stands for the model's own. Some parts contradict others: those configs are refused.
SECRETS = {"TOKEN": "secretsmanager:prod/NAME#token", "HOST": "ssm:/prod/NAME/host"}
# Of each pair of these some config is checked at every commit; the first part is the default.
PAIRED: dict[str, tuple[Part, ...]] = {
    "target": tuple({"target": str(target)} for target in Target),
    "packaging": ({}, {"packaging": "image"}, {"packaging": "zip"}),
    "auth": ({}, {"door": TOKENS}, {"door": {"auth": "api_key"}}, {"door": ANYBODY}),
    "url": ({}, {"door": {"url": "function", "unlimited_acknowledged_by": "ada@example.com"}}),
    "network": ({}, {"network": WITHIN}),
    "secrets": ({}, {"secrets": SECRETS}),
    "start": ({}, {"compute": {"warm": 2}}, {"compute": {"snap_start": True}}),
    "notify": ({}, {"notify": ["mailto:ada@example.com", "https://example.com/hook"]}),
    "watching": ({}, {"monitor": {"dashboard": True}}, {"tracing": "xray"}),
    "arch": ({}, {"arch": "arm64"}),
    "machine": ({}, {"compute": {"gpu": 1}}, {"compute": {"spot": True}}),
}
ALONE: dict[str, tuple[Part, ...]] = {
    "model_in": ({}, {"model_in": "image"}),
    "transform": ({}, {"transform": "transform.py"}),
    "env": ({}, {"env": {"THRESHOLD": "0.7"}}),
    "half a network": ({}, {}, {}, {"network": {"vpc": "vpc-0a1b2c3d"}}),
    "half a door": ({}, {}, {}, {"door": {"auth": "none"}}, {"door": {"url": "function"}}),
    "domain": ({}, {"door": {"domain": "models.example.com", "certificate": CERTIFICATE}}),
    "cors": ({}, {"door": {"cors": ["https://app.example.com"]}}),
    "quota": (
        {},
        {"door": {"auth": "api_key", "quota_per_day": 1000}},
        {"door": {"quota_per_day": 9}},
    ),
    "time": ({}, {"compute": {"timeout_s": 60}}),
    "fleet": ({}, {"compute": {"min_instances": 1, "max_instances": 3}}),
    "reserved": ({}, {"compute": {"reserved": 20}}, {"compute": {"reserved": 3, "warm": 4}}),
    "size": ({}, {"compute": {"memory_mb": 3008}}),
    "busy": ({}, {"traffic": {"expected_per_day": 50_000_000}}),
    "at once": ({}, {"rollout": {"strategy": "all_at_once"}}),
    "labels": ({}, {"monitor": {"window": "30s", "labels": {"sources": ["labeller"]}}}),
    "cap": ({}, CAPPED, CAPPED, {"cost": {"monthly_cap_usd": 25}}),
    "idle": ({}, IDLE, IDLE, {"cost": {"idle_ttl": "90m"}}),
    "logs": ({}, {"logs": {"retention": "7d"}}),
    "tags": ({}, {"tags": {"team": "risk"}}),
    "capture": ({}, {"capture": CAPTURED}),
}
FACTORS = PAIRED | ALONE
SPEC = {"model": "model.onnx", "type": "classification"}


def written(config: Config, name: str) -> str:
    """As a ``model.yaml`` without its name, a section a line."""
    sections: dict[str, Any] = dict(SPEC)
    for factor, number in config.items():
        for section, value in FACTORS[factor][number].items():
            below = sections.get(section, {})
            sections[section] = below | value if isinstance(value, Mapping) else value
    lines = "".join(f"{section}: {json.dumps(value)}\n" for section, value in sections.items())
    return lines.replace("NAME", name)


def answered(name: str, text: str) -> ServiceSpec | Sequence[Finding]:
    """The config with every question answered, or all that speaks against it."""
    reading = parse(f"name: {name}\n{text}".encode(), "model.yaml")
    if reading.config is None:
        return reading.findings
    content = ModelContent(f"sha256:{'0' * 64}", "model.onnx", 29, SIGNATURE, None, None, "/model")
    try:
        target = choose(reading.config, model_facts(reading.config, content.size)).target
        packaging = choose_packaging(reading.config, Cloud.AWS, target)
        spec = resolve(reading.config, content, packaging, f"sha256:{'1' * 64}", "/package")
        if spec.packaging is Packaging.ZIP:
            wheels_folder(Wheels.FUNCTION, spec.python, spec.arch)  # LD220 where nobody staged them
    except LadleError as error:
        return error.findings
    return spec


def at_random(draws: random.Random) -> Config:
    """Any target; of the rest now little, now much is said."""
    said = draws.choice((0.05, 0.15, 0.3))
    drawn = {
        factor: draws.randrange(len(parts)) if draws.random() < said else 0
        for factor, parts in FACTORS.items()
    }
    return drawn | {"target": draws.randrange(len(FACTORS["target"]))}


def covering(seed: int, pool: int, count: int) -> Sequence[Config]:
    """``count`` configs with every pair that any sound config of the pool has.

    What is in none of the pool contradicts itself. Greedy, from one order of the pool after another;
    where fewer are enough, others fill up.
    """
    draws = random.Random(seed)
    sound = [config for config in _pool(draws, pool) if _is_sound(config)]
    held = _pairs_held(sound)
    order = list(range(len(sound)))
    for _ in range(TRIES):
        draws.shuffle(order)
        chosen = _greedily(held, order)
        if len(chosen) <= count:
            others = (number for number in order if number not in chosen)
            return [sound[number] for number in (*chosen, *others)][:count]
    raise AssertionError(f"{TRIES} tries found no {count} configs with every pair")


def _pairs_held(sound: Sequence[Config]) -> Sequence[int]:
    """Of each config its pairs, one bit for each pair that there is."""
    bits: dict[Any, int] = {}
    pairs = (itertools.combinations(sorted(config.items()), 2) for config in sound)
    return [sum(1 << bits.setdefault(pair, len(bits)) for pair in of_one) for of_one in pairs]


def _greedily(held: Sequence[int], order: Sequence[int]) -> Sequence[int]:
    """Always the config with the most pairs that are in none before it."""
    left, chosen = functools.reduce(operator.or_, held), []
    while left:
        best = max(order, key=lambda number: (held[number] & left).bit_count())
        chosen.append(best)
        left &= ~held[best]
    return chosen


def _pool(draws: random.Random, count: int) -> Iterator[Config]:
    for _ in range(count):
        said = draws.choice((0.3, 0.6, 0.9))
        yield {
            factor: draws.randrange(len(parts)) if draws.random() < said else 0
            for factor, parts in PAIRED.items()
        } | {"target": draws.randrange(len(PAIRED["target"]))}


def _is_sound(config: Config) -> bool:
    """Whatever this machine has staged: wheels for arm64 come only on request."""
    spec = answered("fraud", written(config, "fraud"))
    return isinstance(spec, ServiceSpec) and (spec.packaging, spec.arch) != (
        Packaging.ZIP,
        Arch.ARM64,
    )
