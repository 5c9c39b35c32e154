"""The only writer of traffic: woken by alarms, by messages and by each minute, it reads everything again."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ladle import names
from ladle.actions.advance_release import PATIENCE_S, advance_release
from ladle.actions.behind_one_door import BehindOneDoor
from ladle.actions.controls import Controls
from ladle.actions.judge_quality import read_evidence
from ladle.actions.seldom import Looks
from ladle.actions.watch_cost import CostWatch
from ladle.actions.watch_late import LateWatch
from ladle.actions.watch_quarantine import QuarantineWatch
from ladle.aws.alarm_reader import CloudWatchAlarmReader
from ladle.aws.announcer import SnsAnnouncer
from ladle.aws.ceiling_reader import AwsCeilingReader
from ladle.aws.counter_store import AwsCounterStore
from ladle.aws.ecs_slots import EcsSlots
from ladle.aws.followed_counters import FollowedCounters
from ladle.aws.led_door import LedDoor
from ladle.aws.model_homes import HomesOf
from ladle.aws.release_inbox import AwsReleaseInbox
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.session import AwsSession
from ladle.aws.slot_alarms import SlotAlarmReader
from ladle.aws.traffic import RouterOfHome
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle.quality.running import RunningJudge
from ladle.releases.events import CostRead, LateRegression, QuarantineDoubted
from ladle.releases.stopping import stop_policy
from ladle_runtime.controller.cadence import MINUTE_S, pause_after
from ladle_runtime.controller.translate import idle_models, models_to_look_at

MARGIN_S = 2.0  # a call ends before the next minute's begins

_judges: defaultdict[str, RunningJudge] = defaultdict(RunningJudge)  # while this process lives
_IDLE = (
    "Nobody has asked {model} for as long as cost.idle_ttl of its model.yaml says. Nothing was "
    "stopped or deleted. `ladle cost {model}` says what it costs, `ladle destroy {model}` takes it down."
)
_looks: Looks[LateRegression] = Looks()  # at labels after a promotion
_costs: dict[str, tuple[float, CostRead | None]] = {}  # looks at ceilings, by model
_doubts: Looks[QuarantineDoubted] = Looks()  # and after a rollback
_log = logging.getLogger(__name__)


def handle(event: Mapping[str, Any], context: Any) -> Mapping[str, Any]:
    """``context`` gives the name of this call, which is whose lease it is."""
    controls, owner = _controls(), str(context.aws_request_id)
    models = models_to_look_at(event)
    if models is None:
        return {"rounds": watch(controls, owner)}
    silent = tuple(idle_models(event))
    for model in silent:
        _costs.pop(model, None)  # what rang is looked at now
        if stop_policy(controls.ledger.load(model)) is None:
            controls.announcer.announce(model, f"{model} is idle", _IDLE.format(model=model))
    models = tuple(dict.fromkeys((*models, *silent)))
    look_at(controls, models, owner, PATIENCE_S)
    return {"models": list(models)}


def watch(controls: Controls, owner: str) -> int:
    """Works on, second by second where timers are short, until the next minute is due."""
    clock, rounds = controls.clock, 0
    ends_at = clock.now() + MINUTE_S - MARGIN_S
    while True:
        left_s = max(ends_at - clock.now(), 1.0)
        pause_s = look_at(controls, controls.ledger.models(), owner, min(PATIENCE_S, left_s))
        rounds += 1
        if clock.now() + pause_s > ends_at:
            return rounds
        clock.sleep(pause_s)


def look_at(controls: Controls, models: Sequence[str], owner: str, patience_s: float) -> float:
    """Advances each model; one model's trouble must not stop the others. Returns the next pause."""
    pause_s = MINUTE_S
    for model in models:
        try:
            advance_release(model, controls, owner, patience_s)
            pause_s = min(pause_s, pause_after(controls.ledger.load(model)))
        except LadleError as error:
            _log.error(json.dumps({"model": model, "code": error.code, "what": str(error)}))
    return pause_s


@cache
def _aws() -> AwsSession:
    return AwsSession()


@cache
def _followed() -> FollowedCounters:
    """The same for all calls, since it remembers what was read of a rollout."""
    return FollowedCounters(_aws().dynamodb, SystemClock())


def _controls() -> Controls:
    """New for each call, since what a model's router role gives lasts an hour only."""
    aws = _aws()
    clock, followed = SystemClock(), _followed()
    session_of = cache(lambda model: aws.as_role(names.router_role(model)))
    ledger, inbox = AwsReleaseLedger(aws.dynamodb), AwsReleaseInbox(aws.dynamodb)
    homes_of = HomesOf(ledger, inbox)
    router = BehindOneDoor(homes_of, RouterOfHome(session_of, clock), LedDoor(session_of))
    counters = AwsCounterStore(aws.dynamodb, clock)
    in_slots = SlotAlarmReader(aws.cloudwatch, clock, lambda m: EcsSlots.of(session_of(m)))
    ceilings = AwsCeilingReader(aws.budgets, aws.cloudwatch, aws.account)
    return Controls(
        ledger=ledger,
        inbox=inbox,
        traffic=router,
        alarms=CloudWatchAlarmReader(aws.cloudwatch, clock, homes_of.of, in_slots.native),
        announcer=SnsAnnouncer(aws.sns, aws.arn("sns", names.TOPIC)),
        clock=clock,
        judge=lambda state, now: read_evidence(followed, state, now, _judges[state.model].judge),
        settle=router.settle,
        late=LateWatch(counters, ledger, _looks),
        doubts=QuarantineWatch(counters, ledger, _doubts),
        spending=CostWatch(ceilings, _costs),
        switch=router.switch,
        switched=router.switched,
    )
