"""No model's role reaches what is another's, whatever the two are called."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import example, given
from hypothesis import strategies as st
from tests.unit.planning.specs import spec_of

from ladle import names
from ladle.config.checks import name_mistake
from ladle.planning import arns, permissions
from ladle.planning.grant import Grant
from ladle.planning.service_spec import ServiceSpec

# Resources that AWS cannot narrow, or that only tell: no model's data can be had by them.
SHARED_READ = {
    ("cloudwatch:DescribeAlarms", arns.alarm("*")),
    ("secretsmanager:GetSecretValue", arns.master_secret()),
    ("dynamodb:GetItem", arns.table(names.EXPERIMENTS_TABLE)),
}
WITHOUT_ARN = {"cloudwatch:PutMetricData", "cloudwatch:GetMetricStatistics"}

plain = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,7}){0,3}", fullmatch=True)
model_names = plain.filter(lambda name: name_mistake(name) is None)


def spec(name: str) -> ServiceSpec:
    return spec_of(f"name: {name}\nmodel: model.onnx\ntype: classification\n")


def owned_by(model: str) -> Iterator[str]:
    """ARNs of what is one model's own."""
    for function in (
        names.function(model),
        names.bundle_function(model),
        names.handoff_function(model),
    ):
        yield arns.function(function)
        yield arns.function(f"{function}:7")
        yield arns.log_group(f"/aws/lambda/{function}:a-stream")
    yield arns.log_group(f"{names.log_group(model)}:a-stream")
    yield arns.store(f"release/{model}/0123/model.onnx")
    yield arns.alarm(names.evidence_alarm(model))
    yield arns.alarm(names.native_alarm(model, 7))
    yield arns.role(names.router_role(model))
    yield arns.stack(names.model_stack(model)).replace("*", "an-id")


def reaches(pattern: str, arn: str) -> bool:
    """As IAM matches: ``*`` is anything, ``?`` one character."""
    parts = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(parts, arn) is not None


def grants_of(model: str) -> Iterator[Grant]:
    for role in permissions.of_model(spec(model)):
        yield from role.grants


@given(mine=model_names, other=model_names)
@example(mine="fraud", other="fraud-errors-7")
@example(mine="fraud", other="fraud-2")
def test_no_role_of_a_model_reaches_what_is_anothers(mine: str, other: str) -> None:
    if mine == other:
        return
    for grant in grants_of(mine):
        for thing in grant.things:
            if any((action, thing.arn) in SHARED_READ for action in grant.actions):
                continue
            for arn in owned_by(other):
                assert not reaches(thing.arn, arn), f"{grant.sentence}: {arn}"


@given(mine=model_names, other=model_names)
def test_rows_and_folders_that_are_shared_are_narrowed_to_the_models_own(
    mine: str, other: str
) -> None:
    if mine == other:
        return
    for grant in grants_of(mine):
        if any(thing.arn == arns.table(names.RELEASES_TABLE) for thing in grant.things):
            keys = grant.when["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"]
            assert f"MODEL#{other}" not in keys
        if "s3:ListBucket" in grant.actions:
            prefixes = grant.when["StringLike"]["s3:prefix"]
            assert not any(reaches(prefix, f"release/{other}/x") for prefix in prefixes)


@given(model=model_names)
def test_every_model_reaches_what_is_its_own(model: str) -> None:
    """Else the test above would pass for a table that grants nothing."""
    patterns = [t.arn for g in grants_of(model) for t in g.things if t.arn != arns.alarm("*")]
    bundler, handoff = names.bundle_function(model), names.handoff_function(model)
    made = {  # by CloudFormation; and the controller alone takes the router's role
        arns.alarm(names.evidence_alarm(model)),
        arns.role(names.router_role(model)),
        arns.log_group(f"/aws/lambda/{names.function(model)}:a-stream"),
        arns.function(bundler),
        *(arns.function(f"{function}:7") for function in (bundler, handoff)),
    }
    for arn in owned_by(model):
        assert any(reaches(pattern, arn) for pattern in patterns) == (arn not in made), arn


@given(model=model_names)
def test_no_action_is_a_wildcard_and_everything_only_where_aws_knows_no_less(model: str) -> None:
    platform = (grant for role in permissions.of_platform() for grant in role.grants)
    for grant in (*grants_of(model), *platform):
        assert not [action for action in grant.actions if "*" in action or "?" in action]
        if any(thing.arn == "*" for thing in grant.things):
            assert set(grant.actions) <= WITHOUT_ARN
