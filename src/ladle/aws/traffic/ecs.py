"""The one rule of a model's load balancer, by whose weights requests reach one slot or another.

ELB knows no conditional write: what was read is hashed, and read again right before the write. Two
writers within those milliseconds are kept apart by the controller's lease alone; the rest of that
race, a person's write at the console in between, is lost without a trace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ladle import digest
from ladle.aws.ecs_slots import START_LIMIT_S, Condition, EcsSlots, Slots
from ladle.aws.faults import asking
from ladle.aws.retiring import retire
from ladle.catalog import Target
from ladle.errors import Conflict, NotFound, Unavailable
from ladle.policy.traffic import ObservedTraffic, Traffic

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession


class EcsListenerRouter:
    """The TrafficRouter of the target ``ecs``; a release that is in no slot is started when traffic
    is to reach it, and until its tasks answer what is read is not settled.
    """

    def __init__(self, session_of: Callable[[str], AwsSession]) -> None:
        self._session_of = session_of

    def read(self, model: str) -> ObservedTraffic | None:
        slots = self._slots(model)
        found = slots.read(model)
        if found is None:
            return None
        waiting = (slot for slot in found.slots if slot.desired and not slot.weight)
        starts = any(slots.condition(slot) is Condition.STARTING for slot in waiting)
        return ObservedTraffic(found.traffic, found.revision, settled=not starts)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        slots = self._slots(model)
        found = self._expected(slots, model, expected_revision)
        for release in traffic.weights:
            condition = self._started(slots, model, found, release)
            if condition is Condition.FAILED:
                raise _cannot_serve(model, release, found)
            if condition is Condition.STARTING:
                slot = found.of(release)
                if slot is not None and slot.weight:
                    raise Unavailable("LD504", f"release {release} does not answer", "try again")
                return
        found = self._expected(slots, model, expected_revision)
        self._forward(model, found, found.weighing(traffic))

    def can_start(self, model: str, release: int) -> bool:
        slots = self._slots(model)
        found = slots.read(model)
        if found is None:
            return False
        try:
            return self._started(slots, model, found, release) is not Condition.FAILED
        except NotFound:
            return False

    def is_ready(self, model: str, release: int) -> bool:
        """What rests is started; a machine that cannot be had must not keep a move waiting."""
        slots = self._slots(model)
        found = slots.read(model)
        if found is None:
            raise NotFound("LD505", f"{model} has no service", "deploy it: ladle deploy")
        slot = found.of(release)
        if slot is None or not slot.desired:
            self._started(slots, model, found, release)
            return False
        steady = slots.condition(slot) is Condition.STEADY
        if not steady and (slot.gave_up is not None or slot.filled_for_s > START_LIMIT_S):
            raise _cannot_serve(model, release, found)
        return steady

    def settle(self, model: str, traffic: Traffic) -> None:
        """What has no traffic any more rests; what serves alone may shrink again."""
        slots = self._slots(model)
        found = slots.read(model)
        if found is None or not traffic.reads_like(found.traffic):
            return
        for slot in found.slots:
            if not slot.weight and slot.desired:
                slots.rest(model, slot)
            elif slot.weight and traffic.canary is None:
                slots.may_shrink(model, slot)

    def switch(self, model: str, on: bool) -> None:
        """Off: no task runs; the rule stays, so that the same releases serve again."""
        slots = self._slots(model)
        found = slots.read(model)
        serving = [slot for slot in found.slots if slot.weight] if found else []
        for slot in found.slots if found else ():
            if slot.desired and not on:
                slots.rest(model, slot)
            elif slot.weight and not slot.desired and on:
                slots.wake(model, slot, shrinks=len(serving) == 1)

    def switched(self, model: str, on: bool) -> bool:
        """Whether all that has traffic runs, or none of it does."""
        found = self._slots(model).read(model)
        serving = [slot for slot in found.slots if slot.weight] if found else []
        return all(bool(slot.desired) is on for slot in serving)

    def delete(self, model: str, release: int) -> None:
        retire(self._session_of(model).lambda_, Target.ECS, model, release)

    def _started(self, slots: EcsSlots, model: str, found: Slots, release: int) -> Condition:
        """Starts a release that is in no slot or rests in one. Raises NotFound for one that is gone."""
        slot = found.of(release)
        condition = slots.condition(slot) if slot is not None else Condition.RESTING
        if condition is Condition.RESTING:
            slots.start(model, found, slot or found.free(), release)
            return Condition.STARTING
        return condition

    def _forward(self, model: str, found: Slots, groups: Any) -> None:
        with asking(f"to move the traffic of {model}"):
            self._session_of(model).balancer.modify_rule(
                RuleArn=found.rule,
                Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
            )

    def _expected(self, slots: EcsSlots, model: str, revision: str) -> Slots:
        """A revision that none can have is a rehearsal: the rule is written as it is, which AWS allows
        to those only who may move traffic.
        """
        found = slots.read(model)
        if found is None:
            raise NotFound("LD505", f"{model} has no service", "deploy it: ladle deploy")
        if found.revision != revision:
            if not revision.startswith(digest.PREFIX) and found.traffic.main:
                self._forward(model, found, found.as_it_is)
            what = f"the traffic of {model} changed since it was read"
            raise Conflict("LD503", what, "read it again")
        return found

    def _slots(self, model: str) -> EcsSlots:
        return EcsSlots.of(self._session_of(model))


def _cannot_serve(model: str, release: int, found: Slots) -> NotFound:
    slot = found.of(release)
    why = (slot.gave_up if slot is not None else None) or "its tasks do not start"
    what = f"release {release} of {model} cannot serve: {why}"
    return NotFound("LD505", what, f"ladle logs {model} shows what they said")
