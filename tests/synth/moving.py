"""Models that move, or have moved: what is left is what the CDK really made of the model before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from tests.synth.repository import (
    BEHIND,
    MODEL,
    NETWORK,
    SECRETS,
    SIGNATURE,
    Synth,
    Template,
    text,
    write_repository,
)

from ladle import names
from ladle.catalog import DoorKind, Packaging, Target
from ladle.planning.moving import stays
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import Left, ServiceSpec
from ladle.policy.lock import Lock
from ladle.project.services import read_services
from ladle_stacks.build_app import describe
from ladle_stacks.host import Host

BASE = 7  # of the new home
NAMED = {
    "AWS::Lambda::Function": "FunctionName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::Policy": "PolicyName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::ECS::Cluster": "ClusterName",
}


@dataclass(frozen=True, slots=True)
class Move:
    """A model's config before and after; ``base`` is that of the home which it leaves."""

    before: str
    after: str
    base: int = 0


IMAGE, ZIP, TASKS = (
    f"{MODEL}packaging: image\n",
    f"{MODEL}packaging: zip\n",
    f"{MODEL}target: ecs\n",
)
TOLD = "notify: ['mailto:ada@example.com']\ncost: {idle_ttl: 24h}\nmonitor: {dashboard: true}\n"
MACHINES = f"{MODEL}target: ecs\ncompute: {{gpu: 1, spot: true}}\n{TOLD}"
KEYED = "door: {auth: api_key}\n"
TOKENS = BEHIND["tokens"]
ENDPOINT, SERVERLESS = f"{MODEL}target: sagemaker\n", f"{MODEL}target: sagemaker-serverless\n"
MOVES = {
    "packed": Move(f"{ZIP}{NETWORK}{SECRETS}", f"{IMAGE}{TOLD}"),
    "grown": Move(f"{IMAGE}{TOLD}", f"{TASKS}{NETWORK}"),
    "shrunk": Move(MACHINES, f"{IMAGE}{NETWORK}"),
    "moved-before": Move(IMAGE, ZIP, base=3),
    "keyed": Move(f"{ZIP}{KEYED}", f"{IMAGE}{KEYED}{TOLD}"),
    "steadied": Move(f"{ZIP}{KEYED}{NETWORK}", f"{ENDPOINT}{KEYED}{TOLD}"),
    "thinned": Move(f"{ENDPOINT}{KEYED}{NETWORK}", f"{IMAGE}{KEYED}{SECRETS}"),
    "spared": Move(f"{IMAGE}{KEYED}{TOLD}", f"{SERVERLESS}{KEYED}{SECRETS}"),
    "freed": Move(f"{SERVERLESS}{KEYED}{SECRETS}", f"{ZIP}{KEYED}"),
    "idled": Move(f"{ENDPOINT}{TOLD}", SERVERLESS),
    "woken": Move(SERVERLESS, f"{ENDPOINT}{NETWORK}", base=3),
    "asked": Move(f"{IMAGE}{TOLD}", f"{ENDPOINT}{NETWORK}{TOLD}"),
    "hurried": Move(f"{TASKS}{TOKENS}", f"{ENDPOINT}{TOKENS}{TOLD}"),
    "calmed": Move(f"{ENDPOINT}{TOKENS}{TOLD}", f"{ZIP}{TOKENS}{SECRETS}", base=3),
}
# Behind a REST API; the others are behind HTTP APIs.
REST = {"keyed", "steadied", "thinned", "spared", "freed", "idled", "woken"}


def specs(
    folder: Path,
    configs: Mapping[str, str],
    base: int = 0,
    doors: Mapping[str, DoorKind] | None = None,
) -> dict[str, ServiceSpec]:
    """``doors`` are those that models keep."""
    write_repository(folder, configs)
    kept = {n: Lock(Target.LAMBDA, Packaging.IMAGE, None, door=d) for n, d in (doors or {}).items()}
    found = read_services(folder, Cloud.AWS, lambda _: SIGNATURE, known=kept)
    return {spec.model: replace(spec, base=base) for spec in found}


def templates(
    folder: Path,
    stage: Path,
    wanted: Mapping[str, ServiceSpec],
    repository: Path | None = None,
) -> Synth:
    context = {"aws:cdk:disable-asset-staging": True}
    app = cdk.App(analytics_reporting=False, context=context, outdir=str(folder / "cdk.out"))
    assembly = describe(app, Host.of_app(app, stage), tuple(wanted.values()), repository).synth()
    made = {stack.stack_name: stack.template for stack in assembly.stacks}
    return Synth(made, wanted)


def moving(spec: ServiceSpec, before: ServiceSpec, template: Template) -> ServiceSpec:
    lock = before.lock.leaving_for(spec.target, spec.packaging, before.base + BASE)
    left = Left(before.home, template["Resources"])
    return replace(spec, base=lock.base, logs=lock.logs, left=left)


def finished(spec: ServiceSpec) -> ServiceSpec:
    return replace(spec, left=None)


@dataclass(frozen=True, slots=True)
class Moved:
    """Templates of the same models before, while and after they move."""

    before: Synth
    while_: Synth
    after: Synth


def move(folder: Path, stage: Path, moves: Mapping[str, Move]) -> Moved:
    old: dict[str, ServiceSpec] = {}
    for name, found in specs(folder, {n: m.before for n, m in moves.items()}).items():
        old[name] = replace(found, base=moves[name].base)
    before = templates(folder, stage, old)
    doors = {name: spec.door.kind for name, spec in old.items()}
    new = specs(folder, {n: m.after for n, m in moves.items()}, doors=doors)
    between = {n: moving(new[n], old[n], before.model(n)) for n in moves}
    while_ = templates(folder, stage, between)
    after = templates(folder, stage, {n: finished(spec) for n, spec in between.items()})
    return Moved(before, while_, after)


def touched(moved: Moved, model: str) -> Iterator[str]:
    """What of the old home a deploy would change, byte for byte."""
    spec = moved.while_.specs[model]
    before, now = (s.model(model)["Resources"] for s in (moved.before, moved.while_))
    for id_ in stays(spec):
        if json.dumps(now.get(id_)) != json.dumps(named(before[id_], spec)):
            yield id_


def named(value: Any, spec: ServiceSpec) -> Any:
    """With the old alias by its name: the hand-over tells of the new home's."""
    assert spec.left is not None
    if value == {"Fn::GetAtt": ["Release", "AliasArn"]}:
        function = names.function(spec.model, spec.left.home.base)
        arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function"
        return {"Fn::Sub": f"{arn}:{function}:live"}
    if isinstance(value, Mapping):
        return {key: named(part, spec) for key, part in value.items()}
    return [named(part, spec) for part in value] if isinstance(value, list) else value


def named_things(template: Template) -> Iterator[tuple[str, str]]:
    for resource in template["Resources"].values():
        key = NAMED.get(resource["Type"])
        if key and key in resource["Properties"]:
            yield resource["Type"], text(resource["Properties"][key])
