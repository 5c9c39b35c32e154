"""What a model's stack says of itself is compared with what is wanted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping

import pytest
from moto import mock_aws
from tests.unit.planning.specs import spec_of

from ladle.actions.plan_deploy import plan_deploy
from ladle.aws.session import AwsSession
from ladle.aws.stacks import AwsStacks
from ladle.errors import Forbidden
from ladle.planning.plan import ModelPlan
from ladle.planning.settings import OUTPUT, settings_of, written
from ladle.ports import Stacks
from ladle.releases.state import ReleaseState
from ladle.simulation.memory import MemoryLedger

STACK = "ladle-model-fraud"
DEPLOYED = spec_of()
WANTED = dataclasses.replace(DEPLOYED, tags={"team": "risk"})


class Refusing(AwsStacks):
    """As a role that may not look at a stack meets it."""

    def outputs(self, name: str) -> Mapping[str, str]:
        raise Forbidden("LD319", f"AWS refused when asked for the stack {name}", "allow it")


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with mock_aws():
        yield AwsSession("eu-west-1")


@pytest.fixture
def stacks(session: AwsSession) -> AwsStacks:
    return AwsStacks(session.cloudformation)


def make(session: AwsSession, outputs: Mapping[str, str]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    session.cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(template))


def planned(stacks: Stacks | None) -> ModelPlan:
    ledger = MemoryLedger()
    ledger.save(ReleaseState("fraud", handed_over=DEPLOYED.release_digest), [], at=1.0)
    [found] = plan_deploy([WANTED], ledger, stacks).models
    return found


def test_outputs_are_read_by_their_names(session: AwsSession, stacks: AwsStacks) -> None:
    make(session, {"Url": "https://abc/", OUTPUT: "door=1a2b3c4d"})
    assert stacks.outputs(STACK) == {"Url": "https://abc/", OUTPUT: "door=1a2b3c4d"}


def test_a_stack_that_is_not_there_says_nothing(stacks: AwsStacks) -> None:
    assert stacks.outputs(STACK) == {}


def test_a_plan_says_what_the_stack_has_otherwise(session: AwsSession, stacks: AwsStacks) -> None:
    make(session, {OUTPUT: written(settings_of(DEPLOYED))})
    assert planned(stacks).settings == ("tags",)


def test_a_stack_of_an_older_ladle_is_not_compared(session: AwsSession, stacks: AwsStacks) -> None:
    make(session, {"Url": "https://abc/"})
    assert planned(stacks).settings is None


def test_who_may_not_look_at_it_gets_the_plan_without(session: AwsSession) -> None:
    assert planned(Refusing(session.cloudformation)).settings is None
    assert planned(None).settings is None
