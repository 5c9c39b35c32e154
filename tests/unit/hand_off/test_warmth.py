"""Warm instances go where the traffic goes: of both releases during a canary, of none that was left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from ladle.aws.lambda_function_warmth import Warmth
from ladle.errors import LadleError

RELEASES = st.sets(st.integers(1, 6), min_size=1, max_size=2)


@dataclass
class Function:
    """What Lambda keeps of one function's versions, and says when it is asked; ``left`` are the
    instances that it still has to give.
    """

    versions: list[str] = field(default_factory=lambda: ["$LATEST", *map(str, range(1, 7))])
    warm: dict[str, int] = field(default_factory=dict)
    left: int = 1000
    calls: list[str] = field(default_factory=list)

    def get_paginator(self, _name: str) -> Function:
        return self

    def paginate(self, **asked: str) -> Iterator[Mapping[str, Any]]:
        assert asked == {"FunctionName": "ladle-fraud"}
        for version in self.versions:
            yield {"Versions": [{"Version": version}]}

    def get_provisioned_concurrency_config(self, **asked: str) -> Any:
        if asked["Qualifier"] not in self.warm:
            raise refusal("ProvisionedConcurrencyConfigNotFoundException")
        return {"RequestedProvisionedConcurrentExecutions": self.warm[asked["Qualifier"]]}

    def put_provisioned_concurrency_config(self, **asked: Any) -> None:
        if asked["ProvisionedConcurrentExecutions"] > self.left:
            raise refusal("InvalidParameterValueException")
        self.calls.append(f"put {asked['Qualifier']}")
        self.warm[asked["Qualifier"]] = asked["ProvisionedConcurrentExecutions"]

    def delete_provisioned_concurrency_config(self, **asked: str) -> None:
        self.calls.append(f"delete {asked['Qualifier']}")
        del self.warm[asked["Qualifier"]]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "in words of AWS"}}, "Operation")


def warmth(function: Function) -> Warmth:
    return Warmth(cast(Any, function))


@given(st.lists(st.tuples(RELEASES, st.integers(0, 3)), min_size=1, max_size=5))
def test_exactly_the_named_releases_are_warm_whatever_was_before(
    asked: list[tuple[set[int], int]],
) -> None:
    function = Function()
    for releases, instances in asked:
        warmth(function).keep("fraud", releases, instances)
        expected = {str(release): instances for release in releases} if instances else {}
        assert function.warm == expected


@given(RELEASES, RELEASES, st.integers(1, 3))
def test_warmth_follows_the_traffic_without_being_told_how_much(
    before: set[int], after: set[int], instances: int
) -> None:
    function = Function()
    warmth(function).keep("fraud", before, instances)
    warmth(function).follow("fraud", after)
    assert function.warm == {str(release): instances for release in after}


def test_what_is_right_already_is_not_written_again() -> None:
    function = Function()
    warmth(function).keep("fraud", {1, 2}, 2)
    function.calls.clear()
    warmth(function).keep("fraud", {1, 2}, 2)
    warmth(function).follow("fraud", {1, 2})
    assert function.calls == []


def test_a_release_is_warm_before_the_one_that_it_follows_grows_cold() -> None:
    function = Function(warm={"1": 2})
    warmth(function).follow("fraud", {2})
    assert function.calls == ["put 2", "delete 1"]


def test_where_nothing_is_warm_nothing_becomes_so() -> None:
    function = Function()
    warmth(function).follow("fraud", {1, 2})
    assert function.calls == []


def test_what_aws_does_not_give_is_refused_in_its_words() -> None:
    with pytest.raises(LadleError, match=r"LD236 5 instances of fraud.*in words of AWS"):
        warmth(Function(left=4)).keep("fraud", {1}, 5)
