"""Deploy what is wanted: refuse the quarantined before any build, run the CDK, wait for the hand-off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ladle import names
from ladle.planning.plan import Change, DeploymentPlan, ModelPlan
from ladle.policy.statuses import ReleaseStatus
from ladle.ports import Clock, DeployTool, ReleaseLedger
from ladle.releases.state import ReleaseState

HAND_OFF_SECONDS = (
    60.0  # the controller is woken by the ledger's stream; its rule comes each minute
)


@dataclass(frozen=True, slots=True)
class Deployed:
    """What became of one model. ``state`` is None where nothing was handed over."""

    plan: ModelPlan
    state: ReleaseState | None

    @property
    def release(self) -> int | None:
        """The wanted release's number; None while the controller has not seen it."""
        if self.state is None:
            return None
        digest = self.plan.wanted.release_digest
        known = (*self.state.waiting, *self.state.releases)
        return next((r.number for r in known if r.release_digest == digest), None)

    @property
    def status(self) -> ReleaseStatus | None:
        """Where the wanted release is now."""
        if self.state is None or self.release is None:
            return None
        return self.state.statuses.get(self.release)


def apply_deploy(
    plan: DeploymentPlan,
    tool: DeployTool,
    context: Mapping[str, str],
    ledger: ReleaseLedger,
    clock: Clock,
) -> tuple[Deployed, ...]:
    """Deploys every model that is not refused, also an unchanged one: what is no part of a version
    (alarms, the door, retention) changes in place. Raises what the tool raises.
    """
    going = [m for m in plan.models if m.change is not Change.REFUSED]
    if going:
        tool.deploy([names.model_stack(m.wanted.model) for m in going], context)
    deadline = clock.now() + HAND_OFF_SECONDS
    return tuple(
        Deployed(m, _wait(m, ledger, clock, deadline) if m in going else None) for m in plan.models
    )


def _wait(plan: ModelPlan, ledger: ReleaseLedger, clock: Clock, deadline: float) -> ReleaseState:
    """Until the controller has taken the hand-off, or the deadline; the newest state either way."""
    while True:
        state = ledger.load(plan.wanted.model)
        if state.handed_over == plan.wanted.release_digest or clock.now() >= deadline:
            return state
        clock.sleep(0.3)
