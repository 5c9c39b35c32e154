"""A whole rollout on ECS: the real controller, the real router, and a world by AWS's own rules."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.contract.hand_off.test_ecs_versions import hand_over
from tests.contract.releases.ecs_router import PassingClock, versions_of
from tests.contract.releases.ecs_world import EcsWorld

from ladle.actions.advance_release import Advance, advance_release
from ladle.actions.controls import Controls
from ladle.aws.traffic.ecs import EcsListenerRouter
from ladle.errors import Conflict
from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.stopping import Overrun, StopPolicy
from ladle.policy.traffic import Traffic
from ladle.policy.verdicts import Evidence
from ladle.releases.events import Ask, CandidateReady, CostRead, PersonAsked
from ladle.releases.state import ReleaseState
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer, MemoryLedger
from ladle.testing.releases import evidence, release

MODEL = "fraud"
MINUTE_S = 60.0
SIGNED = StopPolicy(signed_by="ada", grace_s=2 * MINUTE_S, capped=True)


@dataclass
class Rollout:
    """A model on ECS with its controller, which is woken once a minute."""

    world: Any = field(default_factory=lambda: EcsWorld(MODEL))
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    announcer: MemoryAnnouncer = field(default_factory=MemoryAnnouncer)
    worse: GuardName | None = None
    overrun: Overrun | None = None
    messages: int = 0

    def __post_init__(self) -> None:
        self.clock = PassingClock(lambda: None)
        self.versions = versions_of(self.world, PassingClock(self.world.pass_time))
        router = EcsListenerRouter(lambda _model: self.world)
        self.controls = Controls(
            ledger=self.ledger,
            inbox=self.ledger.inbox,
            traffic=router,
            alarms=MemoryAlarms(),
            announcer=self.announcer,
            clock=self.clock,
            judge=self._judge,
            settle=router.settle,
            spending=lambda _state, _now: CostRead(self.overrun),
            switch=router.switch,
            switched=router.switched,
        )

    @property
    def state(self) -> ReleaseState:
        return self.ledger.load(MODEL)

    @property
    def traffic(self) -> Traffic:
        observed = self.controls.traffic.read(MODEL)
        assert observed is not None
        return observed.traffic

    def running(self) -> dict[str, int]:
        """How many tasks each release has, of those that have any."""
        services = self.world.services.values()
        return {s.task.partition(":")[0]: s.desired for s in services if s.desired}

    def deploy(self, number: int) -> None:
        """As a deploy does: the hand-off registers, and tells the controller."""
        assert hand_over(self.versions, f"{number:064x}") == number
        self._post(CandidateReady(release(number, stop=SIGNED)))

    def ask(self, what: Ask, **details: Any) -> None:
        self._post(PersonAsked(what, by="ada", **details))

    def minutes(self, many: int) -> list[Advance]:
        """Each with one wake-up, after which whatever was starting has started."""
        ended = []
        for _ in range(many):
            self.clock.sleep(MINUTE_S)
            ended.append(advance_release(MODEL, self.controls, "controller"))
            self.world.pass_time()
        return ended

    def _post(self, message: CandidateReady | PersonAsked) -> None:
        self.messages += 1
        self.ledger.inbox.post(MODEL, f"message-{self.messages}", message, self.clock.now())

    def _judge(self, state: ReleaseState, _now: float) -> Evidence | None:
        if state.on_trial is None:
            return None
        return evidence(state, worse=self.worse).evidence


def proven(number: int = 1) -> Rollout:
    """With release ``number`` serving, and all before it proven."""
    rollout = Rollout()
    for n in range(1, number + 1):
        rollout.deploy(n)
        rollout.minutes(12)
        assert (rollout.state.phase, rollout.traffic) == (Phase.STABLE, Traffic(n))
    return rollout


def test_a_release_goes_through_its_trial_and_the_old_one_rests() -> None:
    rollout = proven(2)
    assert rollout.running() == {"ladle-fraud_2": 1}
    assert rollout.state.statuses[2] is ReleaseStatus.GOOD
    stopped = next(s for s in rollout.world.services.values() if s.task == "ladle-fraud_1:1")
    assert stopped.desired == 0, "kept, so that it can be started again"


def test_a_candidate_waits_for_its_tasks_without_any_request() -> None:
    rollout = proven()
    rollout.deploy(2)
    rollout.clock.sleep(MINUTE_S)
    assert advance_release(MODEL, rollout.controls, "controller") is Advance.QUIET, (
        "nobody waits for it"
    )
    assert rollout.traffic == Traffic(1)
    rollout.world.pass_time()
    rollout.minutes(1)
    assert rollout.traffic == Traffic(1, 2, 0.1)
    assert rollout.running() == {"ladle-fraud_1": 1, "ladle-fraud_2": 1}


def test_a_worse_candidate_is_taken_back_in_the_wake_up_that_sees_it() -> None:
    rollout = proven()
    rollout.deploy(2)
    rollout.minutes(2)
    rollout.worse = GuardName.FAILURES
    rollout.minutes(1)
    assert rollout.traffic == Traffic(1)
    assert rollout.state.statuses[2] is ReleaseStatus.ROLLED_BACK
    assert rollout.running() == {"ladle-fraud_1": 1}


def test_a_candidate_whose_tasks_end_is_refused_and_meets_no_request() -> None:
    rollout = proven()
    rollout.world.broken.add("ladle-fraud_2")
    rollout.deploy(2)
    rollout.minutes(3)
    assert (rollout.state.phase, rollout.traffic) == (Phase.STABLE, Traffic(1))
    assert rollout.state.statuses[2] is ReleaseStatus.REFUSED


def test_a_candidate_whose_machine_cannot_be_had_keeps_nobody_waiting() -> None:
    rollout = proven()
    rollout.world.full = True
    rollout.deploy(2)
    rollout.minutes(6)
    assert (rollout.state.phase, rollout.traffic) == (Phase.STABLE, Traffic(1))
    assert rollout.state.statuses[2] is ReleaseStatus.REFUSED


def test_a_person_goes_back_to_a_release_at_rest() -> None:
    rollout = proven(3)
    rollout.ask(Ask.ROLLBACK, to=1)
    rollout.minutes(1)
    assert rollout.traffic == Traffic(3), "its tasks are starting"
    rollout.minutes(2)
    assert rollout.traffic == Traffic(1)
    assert rollout.running() == {"ladle-fraud_1": 1}


def test_a_newer_release_takes_the_turn_of_one_in_its_canary() -> None:
    rollout = proven()
    rollout.deploy(2)
    rollout.minutes(2)
    rollout.deploy(3)
    rollout.minutes(3)
    assert rollout.traffic == Traffic(1, 3, 0.1)
    assert rollout.state.statuses[2] is ReleaseStatus.SUPERSEDED
    assert rollout.running() == {"ladle-fraud_1": 1, "ladle-fraud_3": 1}


def test_a_write_by_hand_freezes_the_model() -> None:
    rollout = proven(2)
    [rule] = rollout.world.rules
    groups = rollout.world.rules[rule]["Actions"][0]["ForwardConfig"]["TargetGroups"]
    weights = [{**group, "Weight": 1 - min(1, group["Weight"])} for group in groups]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}
    rollout.world.balancer.modify_rule(RuleArn=rule, Actions=[action])
    rollout.minutes(2)
    assert rollout.state.phase is Phase.FROZEN


def test_no_candidate_is_tried_that_nobody_may_take_back() -> None:
    rollout = proven()
    rollout.world.may_move = False
    rollout.deploy(2)
    rollout.minutes(4)
    assert rollout.traffic == Traffic(1)
    assert rollout.state.blocked is not None
    rollout.world.may_move = True
    rollout.minutes(4)
    assert 2 in rollout.traffic.weights


def test_a_rehearsal_leaves_the_rule_as_it_is() -> None:
    rollout = proven()
    rules = copy.deepcopy(rollout.world.rules)
    with pytest.raises(Conflict):
        rollout.controls.traffic.write(MODEL, Traffic(1), "dry-run")
    assert rollout.world.rules == rules
    [rule] = rollout.world.rules.values()
    rule["Actions"] = [{"Type": "fixed-response"}]
    with pytest.raises(Conflict):
        rollout.controls.traffic.write(MODEL, Traffic(1), "dry-run")
    assert rule["Actions"] == [{"Type": "fixed-response"}], "somebody's own, not ours to write"


@pytest.mark.parametrize("trial", [False, True])
def test_a_model_that_is_stopped_runs_no_task_and_starts_again_where_it_was(trial: bool) -> None:
    rollout = proven()
    if trial:
        rollout.deploy(2)
        rollout.minutes(2)
    running = rollout.running()
    rollout.overrun = Overrun("cap 2026-11", "it has cost too much")
    rollout.minutes(4)
    stopped, traffic = rollout.state.stopped, rollout.traffic
    assert stopped is not None
    assert rollout.running() == {}
    rollout.ask(Ask.RESUME)
    rollout.minutes(1)
    assert (rollout.state.phase, rollout.running()) == (stopped.phase, running)
    assert rollout.traffic == traffic, "the rule stays as it was"


def test_what_a_late_controller_stopped_runs_again_a_minute_later() -> None:
    rollout = proven()
    rollout.overrun = Overrun("cap 2026-11", "it has cost too much")
    rollout.minutes(4)
    rollout.ask(Ask.RESUME)
    rollout.minutes(2)
    running = rollout.running()
    rollout.controls.switch(MODEL, False)
    assert not rollout.running()
    rollout.minutes(1)
    assert rollout.running() == running


def test_a_deploy_starts_nothing_of_a_model_that_is_stopped() -> None:
    rollout = proven()
    rollout.overrun = Overrun("cap 2026-11", "it has cost too much")
    rollout.minutes(4)
    rollout.deploy(2)
    rollout.minutes(2)
    assert (rollout.state.phase, rollout.running()) == (Phase.STOPPED, {})
    rollout.ask(Ask.RESUME)
    rollout.minutes(4)
    assert rollout.running() == {"ladle-fraud_1": 1, "ladle-fraud_2": 1}, "then it has its turn"
