"""A stack event asks for one release of a model, by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ladle.catalog import Packaging, Target
from ladle.digest import hex_of
from ladle.policy.lock import Home, Runtime
from ladle.policy.rollout import RolloutPolicy


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one stack event asks for.

    ``serving`` is for the target alone. ``before`` is the release digest that the stack had until
    now; ``request_id`` is the event's. ``grants`` are what this release needs to start, ``kept`` what
    its role may beside, for earlier ones.
    """

    model: str
    release_digest: str
    model_digest: str
    experiment_id: str | None
    policy: RolloutPolicy
    topic_arn: str
    stack_id: str
    request_id: str
    before: str | None = None
    target: Target = Target.LAMBDA
    packaging: Packaging | None = None
    runtime: Runtime | None = None
    serving: Mapping[str, Any] = field(default_factory=dict)
    grants: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    base: int = 0
    leaves: Home | None = None

    @property
    def home(self) -> Home:
        return Home(self.target, self.base)

    @property
    def message_id(self) -> str:
        """The same event delivered twice is one message; a later deploy is another."""
        return f"{hex_of(self.release_digest)}-{self.request_id}"
