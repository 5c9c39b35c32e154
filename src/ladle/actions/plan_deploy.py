"""Plan a deploy: load what is deployed, compare, return. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence

from ladle.errors import NotFound
from ladle.planning.diff import diff
from ladle.planning.plan import DeployedModel, DeployedRelease, DeploymentPlan, QuarantinedDigest
from ladle.planning.service_spec import ServiceSpec
from ladle.ports import ReleaseLedger
from ladle.releases.state import ReleaseState


def plan_deploy(wanted: Sequence[ServiceSpec], ledger: ReleaseLedger) -> DeploymentPlan:
    """Against an account without a platform everything is new. Raises Unavailable,
    NeedsCredentials.
    """
    try:
        states = [ledger.load(spec.model) for spec in wanted]
    except NotFound:
        return diff(wanted, {})
    return diff(wanted, {state.model: deployed_model(state) for state in states})


def deployed_model(state: ReleaseState) -> DeployedModel:
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
    )
