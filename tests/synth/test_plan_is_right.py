"""A plan is made without the CDK, and says of a stack exactly what the CDK makes of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.synth.repository import DOORS, MODEL, MORE, Synth, Template, as_list, synthesize, text

from ladle.planning import permissions
from ladle.planning.exposure import exposure
from ladle.planning.grant import Grant
from ladle.planning.resources import CALLED, resources

OPEN = "door: {auth: none, public_acknowledged_by: ada@example.com}\n"
CONFIGS = (
    {
        "zipped": MODEL + "packaging: zip\n",
        "image": MODEL + "packaging: image\n",
        "told": MODEL + "notify: ['mailto:ada@example.com', 'https://example.com/hook']\n",
        "open": MODEL + OPEN,
        "labelled": MODEL + "monitor: {labels: {sources: [labeller]}}\n",
    }
    | DOORS
    | MORE
)
ROLES = {
    "serving": "ServingRole",
    "bundler": "BundlerRole",
    "hand-off": "HandoffRole",
    "router": "RouterRole",
}
NAMED_BY = (
    "FunctionName",
    "LogGroupName",
    "RouteKey",
    "RoleName",
    "AlarmName",
    "StageName",
    "Name",
    "UsagePlanName",
    "DomainName",
    "DashboardName",
)
_HASH = re.compile(r"[0-9A-F]{8}\.")  # the CDK's own, behind the name of a queue
Permission = tuple[frozenset[str], frozenset[str], str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    return synthesize(tmp_path_factory.mktemp("plan"), root, CONFIGS)


@pytest.mark.parametrize("model", CONFIGS)
def test_its_list_of_resources_is_the_templates(made: Synth, model: str) -> None:
    planned, template = resources(made.specs[model]), made.model(model)
    types = Counter(r["Type"] for r in template["Resources"].values())
    assert Counter(r.type for r in planned) == types
    assert set(types) <= set(CALLED), "a type that the plan has no word for"
    names = {(r.type, r.name) for r in planned if r.name is not None}
    assert names <= {(r["Type"], _name(r)) for r in template["Resources"].values()}


@pytest.mark.parametrize("model", CONFIGS)
def test_no_function_asks_for_more_disk_than_costs_nothing(made: Synth, model: str) -> None:
    found = made.model(model)["Resources"].values()
    assert not [r for r in found if "EphemeralStorage" in r.get("Properties", {})]


@pytest.mark.parametrize("model", CONFIGS)
def test_its_sentences_are_the_templates_policies(made: Synth, model: str) -> None:
    template = made.model(model)
    planned = {role.holder: role.grants for role in permissions.of_model(made.specs[model])}
    assert set(planned) == set(ROLES)
    for holder, id_ in ROLES.items():
        granted = [_granted(s) for s in _role(template, id_)]
        assert [_planned(grant) for grant in planned[holder]] == granted


def test_every_role_of_a_model_is_in_the_plan(made: Synth) -> None:
    found = _ids(made.model("zipped"), "AWS::IAM::Role")
    assert found == set(ROLES.values())


def test_the_platforms_policies_are_of_the_same_table(made: Synth) -> None:
    platform = made.platform()
    planned = {role.holder: role.grants for role in permissions.of_platform()}
    assert {f"{holder.title()}Role" for holder in planned} == _ids(platform, "AWS::IAM::Role")
    for holder, grants in planned.items():
        granted = [_granted(s) for s in _role(platform, f"{holder.title()}Role")]
        assert [_planned(grant) for grant in grants] == granted


@pytest.mark.parametrize("model", CONFIGS)
def test_what_it_calls_public_is_what_no_door_asks_a_caller_for(made: Synth, model: str) -> None:
    asked = set(_asked(made.model(model)["Resources"].values()))
    public = exposure(made.specs[model]).public
    assert public == (model in ("open", "anybody"))
    assert ("NONE" in asked) == public
    assert len(asked) == 1 or model in ("keyed", "watched"), (
        "where a key asks for predictions, IAM for labels"
    )


def _asked(found: Iterable[Template]) -> Iterator[str]:
    """What the routes of every door ask a caller for."""
    for resource in found:
        properties = resource["Properties"]
        if resource["Type"] == "AWS::ApiGatewayV2::Route":
            yield properties["AuthorizationType"]
        if resource["Type"] == "AWS::Lambda::Url":
            yield properties["AuthType"]
        if resource["Type"] == "AWS::ApiGateway::RestApi":
            for operations in properties["Body"]["paths"].values():
                for operation in operations.values():
                    yield "".join(str(list(asked)) for asked in operation["security"]) or "NONE"


def _planned(grant: Grant) -> Permission:
    arns = frozenset(thing.arn for thing in grant.things)
    return frozenset(grant.actions), arns, repr(dict(grant.when))


def _granted(statement: Template) -> Permission:
    arns = frozenset(_HASH.sub(".", text(r)) for r in as_list(statement["Resource"]))
    condition = {
        test: {
            key: value if isinstance(value, str) else as_list(value) for key, value in of.items()
        }
        for test, of in statement.get("Condition", {}).items()
    }
    return frozenset(as_list(statement["Action"])), arns, repr(condition)


def _role(template: Template, id_: str) -> list[Template]:
    [role] = [
        r
        for name, r in template["Resources"].items()
        if r["Type"] == "AWS::IAM::Role" and re.sub(r"[0-9A-F]{8}$", "", name) == id_
    ]
    [policy] = role["Properties"]["Policies"]
    statements: list[Template] = policy["PolicyDocument"]["Statement"]
    return statements


def _ids(template: Template, type_: str) -> set[str]:
    found = (n for n, r in template["Resources"].items() if r["Type"] == type_)
    return {re.sub(r"[0-9A-F]{8}$", "", name) for name in found}


def _name(resource: Template) -> Any:
    properties = resource["Properties"]
    if resource["Type"] == "AWS::SNS::Subscription":
        mail = properties["Protocol"] == "email"
        return f"mailto:{properties['Endpoint']}" if mail else properties["Endpoint"]
    return next((text(properties[key]) for key in NAMED_BY if key in properties), None)
