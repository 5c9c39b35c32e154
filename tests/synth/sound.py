"""What must hold of every stack that a config makes, whichever target it names."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import cfnlint.api
from tests.synth import nag
from tests.synth.repository import (
    SIGNATURE,
    Synth,
    Template,
    as_list,
    statements,
    text,
    write_repository,
)

from ladle.planning import permissions
from ladle.planning.moving import stays
from ladle.planning.resolve import Cloud
from ladle.planning.resources import resources
from ladle.planning.service_spec import ServiceSpec
from ladle.project.services import read_services
from ladle_stacks.acknowledgements import of_app

# Reviewed one by one: AWS knows no ARN for what these are about.
OF_EVERYTHING = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:RegisterScalableTarget",
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:PutMetricData",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
    "ecr:GetAuthorizationToken",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:DiscoverPollEndpoint",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "ecs:RegisterTaskDefinition",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetHealth",
    "xray:PutSpans",
    "xray:PutSpansForIndexing",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
PUBLISHES = "W2530"  # a snapshot wants a version, and the hand-off publishes those
OWN = {"lambda", "logs", "s3", "sagemaker", "secretsmanager", "ssm"}  # services that keep a model's
POLICIES_LENGTH = 10_240  # of a role, all that stand in it together
LONGEST_NAME = 39 * "m"
# What a neighbour may be called, so that a pattern which ends too early reaches it.
NEIGHBOURS = ("{}-b", "{}b", "b-{}", "{}0")


@dataclass(frozen=True)
class Made:
    """``found`` and ``acknowledged``: constructs with rules, of all stacks together."""

    synth: Synth
    found: set[tuple[str, str]]
    acknowledged: list[tuple[str, str]]


def make(folder: Path, stage: Path, configs: Mapping[str, str]) -> Made:
    """All with one synth; ``CDK_VALIDATION`` must be true."""
    write_repository(folder, configs)
    return made_of(folder, stage, read_services(folder, Cloud.AWS, lambda _: SIGNATURE))


def made_of(folder: Path, stage: Path, specs: Sequence[ServiceSpec]) -> Made:
    found = set(nag.findings(nag.validated(folder, stage, specs, acknowledged=False)))
    synth = Synth(nag.templates(folder), {spec.model: spec for spec in specs})
    return Made(synth, found, [(row.path, row.rule) for row in of_app(specs)])


def faults(made: Made) -> Iterator[str]:
    """Of the whole app; nothing when all holds."""
    for path, rule in made.found - set(made.acknowledged):
        yield f"{path}: nobody has answered for {rule}"
    for path, rule in set(made.acknowledged) - made.found:
        yield f"{path}: what is acknowledged of {rule} matches nothing"
    for row, times in Counter(made.acknowledged).items():
        if times > 1:
            yield f"{row[0]}: {row[1]} is acknowledged {times} times"
    for name, template in made.synth.templates.items():
        yield from (f"{name}: {fault}" for fault in _of_policies(template))
    for name, spec in made.synth.specs.items():
        template = made.synth.model(name)
        types = Counter(r["Type"] for r in template["Resources"].values())
        if Counter(resource.type for resource in resources(spec)) != types:
            yield f"{name}: its plan has other resources than its template"
        said = {a for role in permissions.of_model(spec) for g in role.grants for a in g.actions}
        for action in _of_roles(_anew(template, spec)) - said:
            yield f"{name}: its plan does not say {action}"
        yield from (f"{name}: {fault}" for fault in _reaches(name, template))
        yield from (f"{name}: {fault}" for fault in _too_long(name, template))
        whole = json.dumps(template)
        yield from (f"{name} names {o}" for o in made.synth.specs if o != name and o in whole)


def lint_faults(template: Template) -> list[str]:
    """Errors and warnings in a region that has every service; the rest is a matter of taste."""
    found = cfnlint.api.lint(json.dumps(template), regions=["us-east-1"])
    told = [(m.rule.id, m.message) for m in found if m.rule.id[0] != "I"]
    return [f"{rule} {message}" for rule, message in told if rule != PUBLISHES]


def _of_policies(template: Template) -> Iterator[str]:
    """A key's policy speaks of that key alone: ``*`` is how it says so. What is denied may be wide."""
    for id_, statement in statements(template):
        if statement["Effect"] != "Allow":
            continue
        actions = set(as_list(statement.get("Action", [])))
        if {"NotAction", "NotResource"} & statement.keys():
            yield f"{id_} allows what it does not name"
        yield from (f"{id_} allows {action}" for action in actions if "*" in action)
        of_a_key = template["Resources"][id_]["Type"] == "AWS::KMS::Key"
        by_itself = "aws:ViaAWSService" not in statement.get("Condition", {}).get("Bool", {})
        if "*" in _arns(statement) and by_itself and not of_a_key:
            yield from (f"{id_}: {a} on everything" for a in actions - OF_EVERYTHING)


def _anew(template: Template, spec: ServiceSpec) -> Template:
    """Without what stays of a home that is left: what its roles may was said by an earlier plan."""
    kept = stays(spec)
    return {"Resources": {k: r for k, r in template["Resources"].items() if k not in kept}}


def _of_roles(template: Template) -> set[str]:
    return {a for _, s in _granted(template) for a in as_list(s["Action"]) if "sts:" not in a}


def _reaches(model: str, template: Template) -> Iterator[str]:
    """What a neighbour with the same config has under its own name is beyond every role."""
    granted = [(id_, arn) for id_, s in _granted(template) for arn in _arns(s)]
    own = {arn for _, arn in granted if model in arn and arn.split(":")[2] in OWN}
    for neighbour in (pattern.format(model) for pattern in NEIGHBOURS):
        theirs = {arn.replace(model, neighbour).replace("*", "x").replace("?", "x") for arn in own}
        for id_, pattern in granted:
            yield from (f"{id_} reaches {arn}" for arn in theirs if fnmatchcase(arn, pattern))


def _too_long(model: str, template: Template) -> Iterator[str]:
    """All policies in a role together are held to a length, also those of a model with the longest name."""
    lengths = Counter[str]()
    for id_, resource in template["Resources"].items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::Role":
            inline = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
            lengths[id_] += sum(_length(document, model) for document in inline)
        elif resource["Type"] == "AWS::IAM::Policy":
            for role in properties["Roles"]:
                lengths[role["Ref"]] += _length(properties["PolicyDocument"], model)
    too_long = (id_ for id_, length in lengths.items() if length > POLICIES_LENGTH)
    yield from (f"the policies of {id_} together are {lengths[id_]} long" for id_ in too_long)


def _length(document: Any, model: str) -> int:
    """As CloudFormation has it, with more around each ARN than IAM is given; spaces do not count."""
    return len(json.dumps(document, separators=(",", ":")).replace(model, LONGEST_NAME))


def _granted(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What roles may: who may take them is said without a resource."""
    for id_, statement in statements(template):
        of_iam = template["Resources"][id_]["Type"].startswith("AWS::IAM::")
        if of_iam and "Resource" in statement:
            yield id_, statement


def _arns(statement: Mapping[str, Any]) -> list[str]:
    return [text(arn) for arn in as_list(statement.get("Resource", []))]
