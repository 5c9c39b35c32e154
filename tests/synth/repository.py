"""A repository with invented models, and what CDK makes of it; statements and properties to ask."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from ladle.experiments.manifest import Signature, TensorSpec
from ladle.planning.pinned_object import PINNED_OBJECT, PinnedObject
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.project.services import NO_LOCKS, Locks, read_services
from ladle_stacks.build_app import describe
from ladle_stacks.host import EMBEDDED_KEY, Host

SIGNATURE = Signature(
    inputs=(TensorSpec("x", "float", (None, 4)),),
    outputs=(TensorSpec("label", "int64", (None,)),),
)
MODEL = "model: model.onnx\ntype: classification\n"  # all that a config needs beside a name
SIGNED_SPANS = (
    "tracing: otlp\nenv: {OTEL_EXPORTER_OTLP_ENDPOINT: 'https://xray.eu-west-1.amazonaws.com'}\n"
)
SPANS = "tracing: otlp\nenv: {OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com'}\n"
# One model behind each kind of door, as image: its code is staged, never zipped.
BEHIND = {
    "keyed": "door: {auth: api_key, rate_per_s: 5, quota_per_day: 1000}\n",
    "tokens": "door: {auth: jwt, issuer: 'https://login.example.com/', audience: [fraud],"
    " cors: ['https://app.example.com']}\n",
    "named": "door: {domain: models.example.com, certificate:"
    " 'arn:aws:acm:eu-west-1:111122223333:certificate/0f3d6e5a-1111-2222-3333-444455556666'}\n",
    "direct": "door: {url: function}\ncompute: {reserved: 20, timeout_s: 60}\n",
    "anybody": "door: {url: function, auth: none, public_acknowledged_by: ada@example.com,"
    " unlimited_acknowledged_by: ada@example.com}\n",
}
DOORS = {name: f"{MODEL}packaging: image\n{door}" for name, door in BEHIND.items()}
NETWORK = "network: {vpc: vpc-0a1b2c3d, subnets: [subnet-0a1b2c3d, subnet-0b1c2d3e], security_groups: [sg-0c1d2e3f]}\n"
# What only some models have, each once.
SECRETS = (
    "secrets:\n  TOKEN: secretsmanager:prod/fraud?kms=arn:aws:kms:eu-west-1:111122223333:key/0f3d#token\n"
    "  HOST: ssm:/prod/host\n"
)
WATCHED = (
    "notify: ['mailto:ada@example.com']\ntracing: xray\nmonitor: {dashboard: true}\n"
    "cost: {monthly_cap_usd: 25, idle_ttl: 24h}\n"
)
# A model on each target that has a stack of another kind.
TARGETS = {
    "endpoint": f"{MODEL}target: sagemaker\n",
    "invoked": f"{MODEL}target: sagemaker\n{BEHIND['tokens']}",
    "later": f"{MODEL}target: sagemaker-async\ncompute: {{timeout_s: 300}}\n",
    "serverless": f"{MODEL}target: sagemaker-serverless\n{SECRETS}",
    "tasks": f"{MODEL}target: ecs\ncompute: {{spot: true}}\n{NETWORK}",
    "machines": f"{MODEL}target: ecs\ncompute: {{gpu: 1, spot: true}}\n",
}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0f3d"
OBJECT = PinnedObject(
    "s3://team-models/fraud/model.onnx", "v1", "e", f"sha256:{'a' * 64}", 29, SIGNATURE, KEY
)
MORE = {
    "uploaded": f"model: {OBJECT.address}\ntype: classification\npackaging: image\n",
    "inside": f"{MODEL}packaging: image\n{NETWORK}{SECRETS}",
    "baked": f"{MODEL}model_in: image\n",
    "watched": f"{MODEL}packaging: image\n{WATCHED}door: {{auth: api_key}}\n",
    "sending": f"{MODEL}packaging: image\n{SIGNED_SPANS}",
}
Template = Mapping[str, Any]


@dataclass(frozen=True)
class Synth:
    """Templates by stack name, with the specs that they were made of."""

    templates: Mapping[str, Template]
    specs: Mapping[str, ServiceSpec]

    def platform(self) -> Template:
        return self.templates["ladle-platform"]

    def model(self, name: str = "fraud") -> Template:
        return self.templates[f"ladle-model-{name}"]


MakeSynth = Callable[..., Synth]


def write_repository(folder: Path, configs: Mapping[str, str]) -> None:
    shutil.rmtree(folder / "model_packages", ignore_errors=True)
    for name, text in configs.items():
        package = folder / "model_packages" / name
        package.mkdir(parents=True)
        (package / "model.yaml").write_text(f"name: {name}\n{text}")
        (package / "model.onnx").write_bytes(b"a model; nobody loads it here")
        (package / "transform.py").write_text("def before(inputs):\n    return inputs\n")
        (package / "requirements.txt").write_text("")
        (package / PINNED_OBJECT).write_text(json.dumps(OBJECT.to_json()))
        (package / "other.onnx").write_bytes(b"another model")


def synthesize(
    folder: Path,
    stage: Path,
    configs: Mapping[str, str],
    *,
    embedded: bool = False,
    locks: Locks = NO_LOCKS,
) -> Synth:
    """``stage`` is where zips are kept between runs: they are named by their content."""
    write_repository(folder, configs)
    cloud = Cloud.EMBEDDED if embedded else Cloud.AWS
    specs = read_services(folder, cloud, lambda _: SIGNATURE, known=locks)
    context = {"aws:cdk:disable-asset-staging": True} | ({EMBEDDED_KEY: True} if embedded else {})
    app = cdk.App(analytics_reporting=False, context=context, outdir=str(folder / "cdk.out"))
    assembly = describe(app, Host.of_app(app, stage), specs).synth()
    templates = {stack.stack_name: stack.template for stack in assembly.stacks}
    return Synth(templates, {spec.model: spec for spec in specs})


def resources(template: Template, type_: str) -> dict[str, Any]:
    """Logical id -> resource."""
    return {k: r for k, r in template["Resources"].items() if r["Type"] == type_}


def one(template: Template, type_: str) -> Any:
    (found,) = resources(template, type_).values()
    return found


def statements(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every statement of every policy document anywhere, with the resource that holds it."""
    for name, resource in template["Resources"].items():
        yield from ((name, statement) for statement in _statements(resource["Properties"]))


def _statements(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if "Effect" in value:
            yield value
        for part in value.values():
            yield from _statements(part)
    elif isinstance(value, list):
        for part in value:
            yield from _statements(part)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """An ARN as it is written: ``Fn::Sub`` without its wrapping."""
    if isinstance(value, Mapping):
        ((function, argument),) = value.items()
        if function == "Fn::Sub":
            return argument if isinstance(argument, str) else str(argument[0])
        if function == "Fn::Join":
            return str(argument[0]).join(text(part) for part in argument[1])
        return "${" + (argument if isinstance(argument, str) else ".".join(argument)) + "}"
    return str(value)


def waits_for(template: Template, later: str) -> set[str]:
    """Logical ids that exist before ``later`` does: by DependsOn, Ref or GetAtt, at any distance."""
    found: set[str] = set()
    waiting = [later]
    while waiting:
        for name in _named_in(template["Resources"][waiting.pop()]):
            if name in template["Resources"] and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _named_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "DependsOn":
                yield from as_list(part)
            elif key == "Ref":
                yield str(part)
            elif key == "Fn::GetAtt":
                yield str(part[0])
            else:
                yield from _named_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _named_in(part)
