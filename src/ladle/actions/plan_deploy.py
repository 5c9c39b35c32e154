"""Plan a deploy: load what is deployed, compare, return. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence

from ladle import names
from ladle.errors import Forbidden, NotFound
from ladle.planning.diff import diff
from ladle.planning.plan import DeployedModel, DeployedRelease, DeploymentPlan, QuarantinedDigest
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.settings import OUTPUT, Settings, read
from ladle.ports import ReleaseLedger, Stacks
from ladle.releases.state import ReleaseState


def plan_deploy(
    wanted: Sequence[ServiceSpec], ledger: ReleaseLedger, stacks: Stacks | None
) -> DeploymentPlan:
    """Against an account without a platform everything is new; ``stacks`` is None where there are none.
    Raises Unavailable, NeedsCredentials.
    """
    try:
        states = [ledger.load(spec.model) for spec in wanted]
    except NotFound:
        return diff(wanted, {})
    return diff(wanted, {s.model: deployed_model(s, _settings(s, stacks)) for s in states})


def _settings(state: ReleaseState, stacks: Stacks | None) -> Settings | None:
    """None of a stack that an older Ladle made, or that this caller may not look at."""
    if stacks is None or state.handed_over is None:
        return None
    try:
        said = stacks.outputs(names.model_stack(state.model)).get(OUTPUT)
    except Forbidden:
        return None
    return None if said is None else read(said)


def deployed_model(state: ReleaseState, settings: Settings | None = None) -> DeployedModel:
    """What planning may know of a model's releases."""
    releases = {r.release_digest: r for r in (*state.waiting, *state.releases)}
    return DeployedModel(
        handed_over=state.handed_over,
        releases=tuple(
            DeployedRelease(
                r.number,
                r.release_digest,
                r.model_digest,
                r.policy,
                r.target,
                r.packaging,
                r.runtime,
                r.base,
            )
            for r in releases.values()
        ),
        quarantine=tuple(
            QuarantinedDigest(q.scope, q.digest, q.release, q.reason) for q in state.quarantine
        ),
        good=tuple(release.number for release in state.good),
        settings=settings,
    )
