"""A release on ECS is one task definition, whose family holds its number and whose environment its digest.

Families are numbered by us: a number is taken for good, also when its release is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.ecs_slots import Condition, EcsSlots, release_of
from ladle.aws.faults import code_of
from ladle.aws.versions.ecs_service import EcsService
from ladle.errors import LadleError, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

    from ladle.aws.session import AwsSession
    from ladle.ports import Clock

FIRST_START_S = 240.0  # the hand-off itself has five minutes
POLL_S = 5.0
RELEASE_VARIABLE = "LADLE_RELEASE"
DIGEST_VARIABLE = "LADLE_RELEASE_DIGEST"
_NO_SUCH = {"ClientException", "InvalidParameterException"}


class TaskDefinitions:
    """The ReleaseVersions of the target ``ecs``."""

    def __init__(
        self, client: ECSClient, slots: EcsSlots, service: EcsService, clock: Clock
    ) -> None:
        self._client = client
        self._slots = slots
        self._service = service
        self._clock = clock

    def find(self, model: str, release_hex: str) -> int | None:
        kept = self._numbers(model, "ACTIVE")
        found = [number for number in kept if self.digest_of(model, number) == release_hex]
        return max(found, default=None)

    def publish(self, model: str, release_hex: str, serving: Mapping[str, Any], newest: int) -> int:
        number = 1 + max([newest, *self._numbers(model, "ALL")])
        wanted = json.loads(serving["TaskDefinition"])
        [container] = wanted["containerDefinitions"]
        if _digest(container) != release_hex:
            raise LadleError(
                "LD221",
                f"{model}: the task that was handed over is of another release than its digest says",
                "deploy again with one version of Ladle",
            )
        container["environment"].append({"name": RELEASE_VARIABLE, "value": str(number)})
        container["logConfiguration"]["options"]["awslogs-stream-prefix"] = f"release-{number}"
        self._client.register_task_definition(family=names.task_family(model, number), **wanted)
        return number

    def wait_until_active(self, model: str, release: int) -> None:
        if self.digest_of(model, release) is None:
            raise LadleError(
                "LD222",
                f"release {release} of {model} has no task definition that can be started",
                "somebody deregistered it: deploy again",
            )

    def keep_warm(self, model: str, release: int, serving: Mapping[str, Any]) -> None:
        """Its machines run whether or not somebody asks."""

    def open_if_absent(
        self, model: str, release: int, serving: Mapping[str, Any]
    ) -> Mapping[str, str]:
        """Only the first release is waited for: nothing else would answer in its place."""
        shape = json.loads(serving["Service"])
        self._service.ensure(model, release, shape)
        found = self._slots.read(model)
        if found is not None and found.traffic.main == release:
            self._wait_for_first(model, release)
        return {}

    def digest_of(self, model: str, release: int) -> str | None:
        try:
            found = self._client.describe_task_definition(
                taskDefinition=names.task_family(model, release)
            )["taskDefinition"]
        except ClientError as error:
            if code_of(error) in _NO_SUCH:
                return None
            raise
        if found["status"] != "ACTIVE":
            return None
        return _digest(found["containerDefinitions"][0])

    def digests(self, model: str) -> frozenset[str]:
        found = (self.digest_of(model, number) for number in self._numbers(model, "ACTIVE"))
        return frozenset(digest for digest in found if digest)

    def with_traffic(self, model: str) -> frozenset[int]:
        found = self._slots.read(model)
        return frozenset(s.release for s in found.slots if s.weight) if found else frozenset()

    def delete(self, model: str, release: int) -> None:
        for arn in self._revisions(names.task_family(model, release)):
            self._client.deregister_task_definition(taskDefinition=arn)

    def delete_all(self, model: str) -> None:
        self._service.remove(model)
        for number in self._numbers(model, "ACTIVE"):
            self.delete(model, number)

    def _wait_for_first(self, model: str, release: int) -> None:
        """A machine with a GPU may boot for longer: then the load balancer goes on waiting."""
        give_up_at = self._clock.now() + FIRST_START_S
        while self._clock.now() < give_up_at:
            condition = self._first_condition(model)
            if condition is Condition.FAILED:
                raise LadleError(
                    "LD222",
                    f"the tasks of {model}'s release {release} end as soon as they start",
                    f"ladle logs {model} shows what they said; mend it and deploy again",
                )
            if condition is Condition.STEADY:
                return
            self._clock.sleep(POLL_S)

    def _first_condition(self, model: str) -> Condition:
        found = self._slots.read(model)
        if found is None:
            raise Unavailable("LD504", f"the service of {model} is gone", "deploy again")
        return self._slots.condition(max(found.slots, key=lambda slot: slot.weight))

    def _numbers(self, model: str, status: Any) -> Iterator[int]:
        pages = self._client.get_paginator("list_task_definition_families")
        prefix = names.task_family(model, 0).removesuffix("0")
        for page in pages.paginate(familyPrefix=prefix, status=status):
            yield from filter(None, (release_of(model, family) for family in page["families"]))

    def _revisions(self, family: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_task_definitions")
        for page in pages.paginate(familyPrefix=family, status="ACTIVE"):
            yield from page["taskDefinitionArns"]


def task_definitions(aws: AwsSession, clock: Clock) -> TaskDefinitions:
    service = EcsService(aws.ecs, aws.balancer, aws.scaling)
    return TaskDefinitions(aws.ecs, EcsSlots.of(aws), service, clock)


def _digest(container: Mapping[str, Any]) -> str | None:
    variables = {v["name"]: v["value"] for v in container.get("environment", [])}
    return variables.get(DIGEST_VARIABLE)
