"""A function is allowed exactly the calls that its code makes: the emulator would not tell us."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from tests.synth import api_calls, moving
from tests.synth.repository import MODEL, Synth, Template, as_list, statements, synthesize

from ladle.catalog import TARGET_MODULES, DoorKind, Target
from ladle.planning import permissions
from ladle.planning.service_spec import Left
from ladle.policy.lock import Home
from ladle.project.function_code import (
    HANDOFF_ENTRIES,
    PLATFORM_ENTRIES,
    package_roots,
)
from ladle.project.import_closure import reached_files

# What boto3 calls a thing is not always what IAM calls it.
IAM_NAMES = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
}
IN_A_TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
# Given for what Lambda and S3 do around the code: logs, dead letters, streams, encryption, and an
# honest 404; reading by version is an action of its own, and budgets have a client without types.
AROUND_THE_CODE = {
    "budgets:ViewBudget",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "kms:Decrypt",
    "kms:GenerateDataKey",
    "s3:ListBucket",
    "s3:GetObjectVersion",
    "sts:AssumeRole",
}
# An adapter can more than the function that holds it calls: it reads the ledger and never writes
# it, it counts and never reads the counters. A stage is written for other targets, and a door is led
# of a model that moves.
STAGE = {"apigateway:GET /restapis/*/stages/*", "apigateway:PATCH /restapis/*/stages/*"}
LED = {
    *STAGE,
    "apigateway:GET /restapis/*/deployments",
    "apigateway:GET /apis/*/integrations",
    "apigateway:PATCH /apis/*/integrations/*",
}
NEVER_CALLED = {
    "intake": {"dynamodb:DeleteItem"},
    "collector": {"dynamodb:DeleteItem"},
    "judge": {"dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
    "controller": {"dynamodb:ConditionCheckItem", "dynamodb:UpdateItem", *LED},
    "handoff": {
        *STAGE,
        "dynamodb:BatchGetItem",
        "dynamodb:DeleteItem",
        "dynamodb:Query",
        "s3:GetObject",
        "s3:PutObject",
    },
    "bundle": {"s3:DeleteObject"},
}
# Everybody may ask who he is; the roles of routers are the controller's alone.
FREE = {"sts:GetCallerIdentity", "sts:AssumeRole"}
ROLES = {
    "intake": ["IntakeRole"],
    "collector": ["CollectorRole"],
    "judge": ["JudgeRole"],
    "controller": ["ControllerRole", "RouterRole"],
    "handoff": ["HandoffRole"],
    "bundle": ["BundlerRole"],
}
# Adapters of which a function uses the one of its model's target.
BY_TARGET = {"ladle/aws/versions", "ladle/aws/traffic"}
# Files beside them that one target's adapters use.
BESIDE = {"lambda_function_warmth": Target.LAMBDA, "backlog": Target.SAGEMAKER_ASYNC}
ENTRIES = {**PLATFORM_ENTRIES, **HANDOFF_ENTRIES}


KEYED = "door: {auth: api_key}\n"
MOVING = {
    "a function behind an HTTP API": f"{MODEL}packaging: image\n",
    "a function": f"{MODEL}packaging: image\n{KEYED}",
    "an endpoint": f"{MODEL}target: sagemaker\n{KEYED}",
    "endpoints": f"{MODEL}target: sagemaker-serverless\n{KEYED}",
}
STOPS = (
    "notify: [mailto:ada@example.com]\n"
    "cost: {idle_ttl: 24h, action: stop, production_stop_acknowledged_by: ada@example.com}\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    config = MODEL + "packaging: image\n" + STOPS
    return synthesize(tmp_path_factory.mktemp("grants"), root, {"fraud": config})


@pytest.mark.parametrize("function", ENTRIES)
def test_a_function_may_do_what_its_code_does_and_nothing_else(made: Synth, function: str) -> None:
    allowed = set(allowed_actions(made, ROLES[function]))
    called = set(called_actions(ENTRIES[function], Target.LAMBDA)) - FREE
    assert called - NEVER_CALLED[function] <= allowed, "a call that AWS would refuse"
    assert allowed - AROUND_THE_CODE <= called, "a permission that nothing needs"
    assert NEVER_CALLED[function] <= called, "an exception that is none"


@pytest.mark.parametrize("config", MOVING.values(), ids=MOVING)
def test_the_controller_may_lead_the_door_of_a_moving_model_and_nothing_else_of_it(
    tmp_path: Path, config: str
) -> None:
    spec = replace(moving.specs(tmp_path, {"fraud": config})["fraud"], base=moving.BASE)
    moves = replace(spec, left=Left(Home(Target.LAMBDA), {}))
    held = {role.holder: role.grants for role in permissions.of_model(moves)}
    asked = {action for grant in held["router"] for action in api_calls.allowed(grant)}
    kind = "/restapis/" if moves.door.kind is DoorKind.REST_API else "/apis/"
    called = set(called_actions(ENTRIES["controller"], Target.LAMBDA))
    assert {a for a in asked if a.startswith("apigateway:")} == {a for a in called if kind in a}
    assert "cloudformation:DescribeStackResource" in asked, "by which an API is found"


def allowed_actions(made: Synth, roles: list[str]) -> Iterator[str]:
    for template in made.templates.values():
        for name, statement in statements(template):
            if name.startswith(tuple(roles)) and "Resource" in statement:
                yield from as_list(statement["Action"])


def called_actions(entry: str, target: Target) -> Iterator[str]:
    """IAM actions of every call in the adapters that ``entry`` reaches, but those of other targets."""
    for file in reached_files([entry], package_roots()):
        module = PurePosixPath(file.name)
        of_a_target = str(module.parent) in BY_TARGET and module.stem != "__init__"
        if of_a_target and module.stem != TARGET_MODULES[target]:
            continue
        if BESIDE.get(module.stem, target) is not target:
            continue
        if file.name.startswith("ladle/aws/"):
            yield from _actions_in(file.path.read_text())


def _actions_in(source: str) -> Iterator[str]:
    services = {name.rstrip("_") for name in re.findall(r"from mypy_boto3_(\w+) import", source)}
    tree = ast.parse(source)
    if "TransactItems" in source:
        keys = {key.value for node in ast.walk(tree) for key in _keys(node)}
        yield from (action for key, action in IN_A_TRANSACTION.items() if key in keys)
    yield from api_calls.called(source, list(_methods(tree)))
    for service in services:
        for method in _methods(tree):
            operation = OPERATIONS.get(service, {}).get(method)
            if operation is not None and operation != "TransactWriteItems":
                action = f"{service}:{operation}"
                yield IAM_NAMES.get(action, action)


def _keys(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, ast.Dict):
        yield from (key for key in node.keys if isinstance(key, ast.Constant))


def _methods(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr
            if node.func.attr in ("get_paginator", "get_waiter", "_wait"):
                named = [a.value for a in node.args if isinstance(a, ast.Constant)]
                yield from (WAITERS.get(str(name), str(name)) for name in named)


# What a waiter asks again and again.
WAITERS = {
    "function_updated": "get_function_configuration",
    "published_version_active": "get_function_configuration",
}


def _operations() -> dict[str, dict[str, str]]:
    """Service -> method -> operation, as botocore's own models have them."""
    import botocore.session
    from botocore import xform_name

    session = botocore.session.Session()
    found = {}
    for service in ("lambda", "dynamodb", "s3", "cloudwatch", "sns", "secretsmanager", "sts"):
        names = session.get_service_model(service).operation_names
        found[service] = {xform_name(name): name for name in names}
    names = session.get_service_model("cloudformation").operation_names
    return found | {"cloudformation": {xform_name(name): name for name in names}}


OPERATIONS = _operations()


def test_the_waiters_ask_what_the_table_says() -> None:
    import botocore.session

    waiters = botocore.session.Session().get_waiter_model("lambda")
    asked = {name: waiters.get_waiter(_camel(name)).operation for name in WAITERS}
    assert set(asked.values()) == {"GetFunctionConfiguration"}


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def test_each_role_of_a_function_is_known(made: Synth) -> None:
    roles: set[str] = set()
    for template in made.templates.values():
        roles |= _roles(template)
    assert roles == {name for names in ROLES.values() for name in names} | {"ServingRole"}


def _roles(template: Template) -> set[str]:
    ids = (n for n, r in template["Resources"].items() if r["Type"] == "AWS::IAM::Role")
    return {re.sub(r"[0-9A-F]{8}$", "", id_) for id_ in ids}
