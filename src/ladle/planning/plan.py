"""A plan is a value: what a deploy would do to each model, and why. Printing it changes nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ladle.catalog import Packaging, Target
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.settings import Settings
from ladle.policy.lock import Home, Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import QuarantineScope


class Change(StrEnum):
    NEW_RELEASE = "new release"
    KNOWN_RELEASE = "known release"
    POLICY_ONLY = "policy only"
    SETTINGS = "settings"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    NOT_COMPARED = "not compared"


@dataclass(frozen=True, slots=True)
class DeployedRelease:
    """A retained version; ``policy`` is the newest that was handed over with it."""

    number: int
    release_digest: str
    model_digest: str
    policy: RolloutPolicy
    target: Target = Target.LAMBDA
    packaging: Packaging | None = None
    runtime: Runtime | None = None
    base: int = 0

    @property
    def home(self) -> Home:
        return Home(self.target, self.base)


@dataclass(frozen=True, slots=True)
class QuarantinedDigest:
    """What may not serve again, and why."""

    scope: QuarantineScope
    digest: str
    release: int
    reason: str


@dataclass(frozen=True, slots=True)
class DeployedModel:
    """What ledger and stack know of one model. ``handed_over`` is the digest of the newest hand-off,
    whatever became of it, None before the first; ``good`` numbers the proven releases, the one that
    a rollback goes to last. ``settings`` are None where the stack does not say them.
    """

    handed_over: str | None
    releases: tuple[DeployedRelease, ...]
    quarantine: tuple[QuarantinedDigest, ...]
    good: tuple[int, ...] = ()
    settings: Settings | None = None

    def release_of(self, release_digest: str) -> DeployedRelease | None:
        """The retained release with this digest."""
        return next((r for r in self.releases if r.release_digest == release_digest), None)


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """``release`` is the number that would serve, where it is known before the deploy.

    ``quarantined`` is the entry that names what would be deployed, if any; an unchanged model may
    have one too. ``goes_back_to`` is the proven release that a rollback of it would go to. ``settings``
    are the sections that would change in place, whatever release comes; None where nobody can tell.
    """

    wanted: ServiceSpec
    change: Change
    reason: str
    release: int | None = None
    quarantined: QuarantinedDigest | None = None
    goes_back_to: int | None = None
    settings: tuple[str, ...] | None = None

    @property
    def would_change(self) -> bool:
        return self.change not in (Change.UNCHANGED, Change.REFUSED)

    def to_json(self) -> dict[str, Any]:
        spec = self.wanted
        return {
            "name": spec.model,
            "change": self.change,
            "reason": self.reason,
            "release": self.release,
            "goes_back_to": self.goes_back_to,
            "settings": self.settings,
            "target": spec.target,
            "target_reason": spec.target_reason,
            "packaging": spec.packaging,
            "moves_from": spec.left and asdict(spec.left.home),
            "runtime": spec.built_with and asdict(spec.built_with),
            "python": spec.python,
            "arch": spec.arch,
            "release_digest": spec.release_digest,
            "model_digest": spec.model_digest,
            "experiment": spec.experiment_id,
            "quarantined": self.quarantined and self.quarantined.reason,
        }


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """``not_compared`` says why nothing is known of what is deployed; None when all is."""

    models: tuple[ModelPlan, ...]
    not_compared: str | None = None

    @property
    def would_change(self) -> bool:
        return any(m.would_change for m in self.models)

    @property
    def refused(self) -> tuple[ModelPlan, ...]:
        return tuple(m for m in self.models if m.change is Change.REFUSED)
