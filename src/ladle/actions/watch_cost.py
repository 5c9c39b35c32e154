"""Once an hour, and when a notice falls due, the ceilings of a model that may be stopped are looked at."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ladle.errors import LadleError
from ladle.policy.statuses import Phase
from ladle.policy.stopping import Overrun, StopPolicy
from ladle.ports import CeilingReader
from ladle.releases.events import CostRead
from ladle.releases.state import ReleaseState
from ladle.releases.stopping import stop_policy

LOOK_EVERY_S = 3600.0  # AWS itself adds a bill up some times a day
_NOT_SERVING = (Phase.EMPTY, Phase.STOPPED)
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class CostWatch:
    """``looks`` are when it looked and what it saw, by model, while its process lives; what was seen is
    said until the next look, since a controller that has read it may not have the lease yet.
    """

    ceilings: CeilingReader
    looks: dict[str, tuple[float, CostRead | None]] = field(default_factory=dict)

    def __call__(self, state: ReleaseState, now: float) -> CostRead | None:
        """None where nothing may be stopped, or nothing can be said: what cannot be read stops nothing."""
        policy, notice = stop_policy(state), state.stop_notice
        if state.phase in _NOT_SERVING:
            return None
        if policy is None:
            return CostRead(None) if notice else None
        at, seen = self.looks.get(state.model, (float("-inf"), None))
        due = notice is not None and at < notice.due_at <= now
        if due or now - at >= LOOK_EVERY_S:
            seen = self._read(state, policy, now)
            self.looks[state.model] = (now, seen)
        return seen

    def _read(self, state: ReleaseState, policy: StopPolicy, now: float) -> CostRead | None:
        try:
            return CostRead(self._overrun(state, policy, now))
        except LadleError as error:
            said = {"model": state.model, "code": error.code, "what": str(error)}
            _LOG.warning(json.dumps(said))
            return None

    def _overrun(self, state: ReleaseState, policy: StopPolicy, now: float) -> Overrun | None:
        model = state.model
        if policy.capped and (spent := self.ceilings.spent(model)) and spent.usd >= spent.cap_usd:
            month = datetime.fromtimestamp(now, UTC).strftime("%Y-%m")
            text = f"{model} has cost {spent.usd:.2f} USD in {month}, of {spent.cap_usd:.2f}"
            return Overrun(f"cap {month}", text)
        if policy.idle_ttl_s is None or now - state.handed_over_at < policy.idle_ttl_s:
            return None  # an alarm that was just made finds silence as well
        since = self.ceilings.idle_since(model)
        text = f"nobody has asked {model} for {policy.idle_ttl_s / 3600:g} h"
        return None if since is None else Overrun(f"idle {since:.0f}", text)
