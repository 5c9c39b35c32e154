"""Wanted against deployed: the last digest handed over decides, whatever became of it since.

Equal is unchanged, even when it is quarantined; different and quarantined is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ladle.planning.locking import way_there
from ladle.planning.plan import (
    Change,
    DeployedModel,
    DeploymentPlan,
    ModelPlan,
    QuarantinedDigest,
)
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.settings import changed, words
from ladle.policy.statuses import QuarantineScope


def diff(wanted: Sequence[ServiceSpec], deployed: Mapping[str, DeployedModel]) -> DeploymentPlan:
    """A model that ``deployed`` does not hold was never deployed."""
    nothing = DeployedModel(None, (), ())
    return DeploymentPlan(tuple(_way_back(w, deployed.get(w.model, nothing)) for w in wanted))


def uncompared(wanted: Sequence[ServiceSpec], why: str) -> DeploymentPlan:
    """The plan of somebody who cannot ask what is deployed."""
    models = (ModelPlan(w, Change.NOT_COMPARED, "nothing to compare with") for w in wanted)
    return DeploymentPlan(tuple(models), not_compared=why)


def _way_back(wanted: ServiceSpec, deployed: DeployedModel) -> ModelPlan:
    """To the last proven release; a first one on its bake is proven before another gets traffic."""
    model = _in_place(_diff_model(wanted, deployed), deployed)
    known = deployed.good or tuple(sorted(r.number for r in deployed.releases))
    others = [number for number in known if number != model.release]
    return replace(model, goes_back_to=others[-1] if others else None)


def _in_place(model: ModelPlan, deployed: DeployedModel) -> ModelPlan:
    """With what changes beside the release; where none changes that is all that does."""
    if deployed.settings is None or model.change is Change.REFUSED:
        return model
    found = changed(model.wanted, deployed.settings)
    if not found or model.change is not Change.UNCHANGED:
        return replace(model, settings=found)
    reason = f"{model.reason}; what changes in place: {words(found)}"
    return replace(model, change=Change.SETTINGS, reason=reason, settings=found)


def _diff_model(wanted: ServiceSpec, deployed: DeployedModel) -> ModelPlan:
    if (elsewhere := _elsewhere(wanted, deployed)) is not None:
        return ModelPlan(wanted, Change.REFUSED, elsewhere)
    known = deployed.release_of(wanted.release_digest)
    number = known.number if known else None
    entry = _quarantined(wanted, deployed)
    if wanted.release_digest == deployed.handed_over:
        if known is not None and known.policy != wanted.policy:
            reason = "the same release; the rollout's rules change in place"
            return ModelPlan(wanted, Change.POLICY_ONLY, reason, number, entry)
        reason = "the same release was handed over last"
        if entry is not None:
            reason += f"; it is quarantined and gets no traffic: {entry.reason}"
        return ModelPlan(wanted, Change.UNCHANGED, reason, number, entry)
    if entry is not None:
        what = "model" if entry.scope is QuarantineScope.MODEL else "release"
        reason = f"this {what} is quarantined since release {entry.release}: {entry.reason}"
        return ModelPlan(wanted, Change.REFUSED, reason, number, entry)
    if known is not None:
        reason = f"back to release {number}, which is kept: no new version"
        return ModelPlan(wanted, Change.KNOWN_RELEASE, reason, number)
    return ModelPlan(wanted, Change.NEW_RELEASE, _why_new(wanted, deployed))


def _elsewhere(wanted: ServiceSpec, deployed: DeployedModel) -> str | None:
    """Why a deploy cannot bring it there: a stack cannot be turned around under traffic."""
    newest = max(deployed.releases, key=lambda r: r.number, default=None)
    if newest is None or (wanted.left is not None and newest.home == wanted.left.home):
        return None
    if newest.target is not wanted.target:
        return (
            f"it runs on {newest.target}, and a deploy does not move it: write target: "
            f"{newest.target}; {way_there(wanted.model, newest.target, wanted.target)}"
        )
    if newest.base != wanted.base:
        return (
            f"it has moved since this was committed: release {newest.number} runs where its numbers "
            f"begin after {newest.base}; deploy a newer commit, whose pinned.json says so"
        )
    if newest.packaging not in (None, wanted.packaging):
        return (
            f"its function is packed as {newest.packaging}, and none can change that: write packaging: "
            f"{newest.packaging}; {way_there(wanted.model, newest.target, wanted.packaging)}"
        )
    return None


def _quarantined(wanted: ServiceSpec, deployed: DeployedModel) -> QuarantinedDigest | None:
    named = {
        QuarantineScope.MODEL: wanted.model_digest,
        QuarantineScope.RELEASE: wanted.release_digest,
    }
    return next((q for q in deployed.quarantine if named[q.scope] == q.digest), None)


def _why_new(wanted: ServiceSpec, deployed: DeployedModel) -> str:
    if deployed.handed_over is None:
        return "never deployed before"
    last = deployed.release_of(deployed.handed_over)
    if last is None:
        return "the release digest differs from the last one"
    if wanted.left is not None and last.home == wanted.left.home:
        return f"it moves: what release {last.number} is, in its new home"
    if last.model_digest != wanted.model_digest:
        return f"another model than release {last.number} has"
    return f"the model of release {last.number} with other code or settings"
