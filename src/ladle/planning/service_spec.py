"""ServiceSpec: one model with every question answered. What stacks build and plans compare.

A standard-library value: read from JSON by the hand-off and the serving process without pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ladle.catalog import (
    Arch,
    DoorAuth,
    DoorKind,
    DoorUrl,
    ModelIn,
    ModelType,
    Packaging,
    Target,
    Tracing,
    Treatment,
)
from ladle.experiments.manifest import Locator, Signature
from ladle.planning.pinned_object import PinnedObject
from ladle.policy.lock import Home, Lock, Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle.targets.sizes import Measured, Size, size_of


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where the model's bytes are before the release's bundle is made.

    ``locator`` for a pinned experiment (in the store's bucket), ``path`` for a file of the
    repository (absolute; becomes a CDK asset). A pinned model whose file also lies in the package
    has both: the store is asked first. ``object`` for one version of an object of a bucket.
    """

    file_name: str
    bytes: int
    locator: Locator | None
    path: str | None
    object: PinnedObject | None = None


@dataclass(frozen=True, slots=True)
class Compute:
    memory_mb: int
    timeout_s: int
    gpu: int
    instance_type: str | None
    spot: bool
    min_instances: int
    max_instances: int | None
    warm: int
    reserved: int | None
    snap_start: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """``kind`` is that of the row of ``config/doors.toml`` that takes the rest, ``kind_reason`` why that one.
    ``is_kept``: it was the model's before it moved.
    """

    kind: DoorKind
    kind_reason: str
    auth: DoorAuth
    url: DoorUrl
    domain: str | None
    certificate: str | None
    issuer: str | None
    audience: tuple[str, ...]
    cors: tuple[str, ...]
    rate_per_s: float
    quota_per_day: int | None
    public_acknowledged_by: str | None = None
    unlimited_acknowledged_by: str | None = None
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Monitor:
    """``key`` is the path of the prediction in the output, ``window_s`` the grain of counters."""

    key: str
    segments: tuple[str, ...]
    window_s: float
    label_sources: tuple[str, ...]
    labels_accept_s: float


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Who is named by ``notify`` hears of what is above or below them; None: no such ceiling."""

    monthly_usd: float | None = None
    idle_ttl_s: float | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """What a model moves away from: ``resources`` are those of the stack as it was deployed before, as
    CloudFormation has them, by logical id. Those that the new home's stack does not describe stay.
    """

    home: Home
    resources: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """Everything that a stack needs to know about one model; no decision is left open."""

    model: str
    type: ModelType
    target: Target
    target_reason: str
    packaging: Packaging
    model_in: ModelIn
    runtime: str
    python: str
    arch: Arch
    folder: str  # absolute path of the model package
    transform: str | None
    requirements: str | None
    signature: Signature
    source: ModelSource
    model_digest: str
    code_digest: str
    release_digest: str
    experiment_id: str | None
    compute: Compute
    door: Door
    monitor: Monitor
    policy: RolloutPolicy
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    log_retention_days: int = 30
    notify: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    ceilings: Ceilings = Ceilings()
    dashboard: bool = False
    tracing: Tracing = Tracing.NONE
    network: Mapping[str, Any] = field(default_factory=dict)
    capture: Mapping[str, Treatment] = field(default_factory=dict)  # by field: hashed or kept
    built_with: Runtime | None = None  # None: nobody asked which
    measured: Measured | None = None  # perhaps of an older model
    kept: tuple[
        str, ...
    ] = ()  # grants that earlier releases need to start, as planning.grant writes them
    base: int = 0
    left: Left | None = None  # while it moves
    logs: int = 0  # as Lock has it

    @property
    def home(self) -> Home:
        return Home(self.target, self.base)

    @property
    def size(self) -> Size:
        """What serving takes, as well as it is known."""
        return size_of(self.source.bytes, self.model_digest, self.measured)

    @property
    def lock(self) -> Lock:
        """What later releases keep of this one."""
        leaves = self.left.home if self.left else None
        return Lock(
            self.target,
            self.packaging,
            self.built_with,
            base=self.base,
            leaves=leaves,
            logs=self.logs,
            door=self.door.kind if self.door.is_kept else None,
        )

    @property
    def is_in_image(self) -> bool:
        """Whether the model travels with the code: no release then has a copy in the store."""
        return self.model_in is ModelIn.IMAGE

    @property
    def store_key(self) -> str | None:
        """Where the store has the model that a release's copy is made of."""
        return self.source.locator.key if self.source.locator and not self.is_in_image else None
